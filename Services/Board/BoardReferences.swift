import HTTP
import Models
import Service

/// What issues refer to in other services: an id or a slug in a body is checked, and stored as the id. What is copied here is
/// asked first; the owner is asked for what its events have not told yet.
struct BoardReferences: Sendable {
    let environment: ServiceEnvironment
    private let known = KnownStore()

    init(environment: ServiceEnvironment) { self.environment = environment }

    private struct Named: Decodable { let id: String }

    /// The id of a project; nil for none.
    /// - Throws: 400 naming the field when there is no such project.
    func project(_ reference: String?, workspace: String, field: String = "project_id") async throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        return try await id(.project, reference, workspace, field)
    }

    /// The id of a project of the path.
    /// - Throws: 404.
    func projectInPath(_ reference: String, workspace: String) async throws -> String {
        do {
            return try await id(.project, reference, workspace, "project_id")
        } catch let error as ServiceError where error.kind == .validation {
            throw ServiceError.notFound("project")
        }
    }

    /// The id of an agent.
    /// - Throws: 400 naming the field.
    func agent(_ reference: String, workspace: String, field: String) async throws -> String {
        try await id(.agent, reference, workspace, field)
    }

    /// The id of a goal.
    /// - Throws: 400 naming the field.
    func goal(_ reference: String?, workspace: String, field: String = "goal_id") async throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        return try await ask(.goals, "/goals-api/", reference, workspace, field, "goal")
    }

    /// A person's id, which no service can be asked for.
    static func user(_ reference: String, field: String) throws -> String { try Check.reference(reference, field) }

    /// Whoever an id or a slug names: an agent, unless it is a user's id.
    func assignee(
        _ reference: String?, workspace: String, field: String = "assignee_id"
    ) async throws -> (type: ActorType, id: String)? {
        guard let reference, !reference.isEmpty else { return nil }
        if reference.hasPrefix("user_") { return (.user, try BoardReferences.user(reference, field: field)) }
        return (.agent, try await agent(reference, workspace: workspace, field: field))
    }

    private func id(_ kind: KnownStore.Kind, _ reference: String, _ workspace: String, _ field: String) async throws -> String {
        let reference = try Check.reference(reference, field)
        let copied = try await environment.database.read { [known] in
            try known.find(kind, reference, workspace: workspace, in: $0)
        }
        if let copied { return copied.id }
        return kind == .project
            ? try await ask(.goals, "/api/projects/", reference, workspace, field, "project")
            : try await ask(.agents, "/agents-api/", reference, workspace, field, "agent")
    }

    private func ask(
        _ service: ServiceName, _ path: String, _ reference: String, _ workspace: String, _ field: String, _ noun: String
    ) async throws -> String {
        let reference = try Check.reference(reference, field)
        do {
            return try await environment.peers.get(service, path + reference, workspace: workspace, as: Named.self).id
        } catch let error as ServiceError where error.kind == .notFound {
            throw ServiceError.invalid(field, "no such \(noun)")
        }
    }
}
