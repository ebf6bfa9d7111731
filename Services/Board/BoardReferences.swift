import Models
import Service

/// What issues refer to in other services: an id or a slug in a body is checked, and stored as the id.
struct BoardReferences: Sendable {
    let peers: Peers

    private struct Named: Decodable { let id: String }

    /// The id of a project; nil for none.
    /// - Throws: 400 naming the field when there is no such project.
    func project(_ reference: String?, workspace: String, field: String = "project_id") async throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        return try await id(.goals, "/api/projects/", reference, workspace, field, "project")
    }

    /// The id of an agent; a user's is kept as it is.
    func assignee(_ reference: String?, workspace: String) async throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        guard !reference.hasPrefix("user_") else { return reference }
        return try await id(.agents, "/agents-api/", reference, workspace, "assignee_id", "agent")
    }

    private func id(
        _ service: ServiceName, _ path: String, _ reference: String, _ workspace: String, _ field: String, _ noun: String
    ) async throws -> String {
        let reference = try Check.reference(reference, field)
        do {
            return try await peers.get(service, path + reference, workspace: workspace, as: Named.self).id
        } catch let error as ServiceError where error.kind == .notFound {
            throw ServiceError.invalid(field, "no such \(noun)")
        }
    }
}
