import Models
import Service
import Storage

/// The projects and agents that memories are of: an id or a slug in a request is looked up in the service that owns it.
struct MemoryReferences: Sendable {
    let peers: Peers

    private struct Named: Decodable { let id: String }

    /// The request with ids for what it refers to.
    /// - Throws: 400 naming the field that refers to nothing.
    func resolve(_ input: CreateMemory, workspace: String) async throws -> CreateMemory {
        var input = input
        input.projectID = try await project(input.projectID, workspace: workspace)
        input.agentID = try await agent(input.agentID, workspace: workspace)
        return input
    }

    func resolve(_ change: UpdateMemory, workspace: String) async throws -> UpdateMemory {
        var change = change
        if case .value(let project) = change.projectID {
            change.projectID = try await self.project(project, workspace: workspace).map { .value($0) } ?? .null
        }
        if case .value(let agent) = change.agentID {
            change.agentID = try await self.agent(agent, workspace: workspace).map { .value($0) } ?? .null
        }
        return change
    }

    /// What a list or a search asks for, among what the caller may read.
    func filters(
        _ call: Call, scope: MemoryScope?, project: String?, agent: String?, tags: [String]
    ) async throws -> [Filter] {
        var filters = MemoryVisibility.filters(call.principal, at: call.now)
        if let scope { filters.append(.equals("scope", scope.rawValue)) }
        if let project, !project.isEmpty {
            let id = try await known(.goals, "/api/projects/", project, prefix: "proj_", workspace: call.workspace)
            filters.append(.equals("project_id", id))
        }
        if let agent, !agent.isEmpty {
            let id = try await known(.agents, "/agents-api/", agent, prefix: "agent_", workspace: call.workspace)
            filters.append(.equals("agent_id", id))
        }
        return filters + tags.map(MemoryVisibility.tagged)
    }

    /// The id to filter by. What there is not has no memories.
    private func known(
        _ service: ServiceName, _ path: String, _ reference: String, prefix: String, workspace: String
    ) async throws -> String {
        guard !reference.hasPrefix(prefix), Check.isReference(reference) else { return reference }
        return try await find(service, path + reference, workspace) ?? reference
    }

    private func project(_ reference: String?, workspace: String) async throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        try Check.reference(reference, "project_id")
        guard let id = try await find(.goals, "/api/projects/\(reference)", workspace) else {
            throw ServiceError.invalid("project_id", "no such project")
        }
        return id
    }

    private func agent(_ reference: String?, workspace: String) async throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        try Check.reference(reference, "agent_id")
        guard let id = try await find(.agents, "/agents-api/\(reference)", workspace) else {
            throw ServiceError.invalid("agent_id", "no such agent")
        }
        return id
    }

    private func find(_ service: ServiceName, _ target: String, _ workspace: String) async throws -> String? {
        do {
            return try await peers.get(service, target, workspace: workspace, as: Named.self).id
        } catch let error as ServiceError where error.kind == .notFound {
            return nil
        }
    }
}
