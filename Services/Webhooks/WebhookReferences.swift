import Models
import Service

/// What endpoints and subscriptions refer to in other services.
struct WebhookReferences: Sendable {
    let peers: Peers

    private struct Named: Decodable { let id: String }

    /// The id of a project; nil for none.
    /// - Throws: 400 when there is no such project.
    func project(_ reference: String?, workspace: String) async throws -> String? {
        try await id(.goals, "/api/projects/", reference, "project_id", "project", workspace)
    }

    /// The id of an integration; nil for none.
    /// - Throws: 400 when there is no such integration.
    func integration(_ reference: String?, workspace: String) async throws -> String? {
        try await id(.board, "/board-api/integrations/", reference, "integration_id", "integration", workspace)
    }

    private func id(
        _ service: ServiceName, _ path: String, _ reference: String?, _ field: String, _ noun: String, _ workspace: String
    ) async throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        try Check.reference(reference, field)
        do {
            return try await peers.get(service, path + reference, workspace: workspace, as: Named.self).id
        } catch let error as ServiceError where error.kind == .notFound {
            throw ServiceError.invalid(field, "no such \(noun)")
        }
    }
}
