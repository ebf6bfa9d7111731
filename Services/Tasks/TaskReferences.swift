import Models
import Service

/// Looks up, in the services that own them, what the bodies of requests refer to. A reference may be a slug; what is kept is
/// the id.
struct TaskReferences: Sendable {
    let environment: ServiceEnvironment
    let facts: TaskFacts

    /// As much as is needed of whatever is looked up.
    private struct Referent: Decodable {
        let id: String
        let projectID: String?

        enum CodingKeys: String, CodingKey {
            case id, projectID = "project_id"
        }
    }

    /// The task with the ids of what it refers to.
    /// - Throws: 400 naming the field that refers to nothing; 503 when the owner of it does not answer.
    func resolve(_ task: AgentTask, unlessAsIn before: AgentTask? = nil, workspace: String) async throws -> AgentTask {
        var task = task
        if let goal = task.goalID, goal != before?.goalID {
            let found = try await find(.goals, "/goals-api/", goal, "goal_id", "goal", workspace)
            task.goalID = found.id
            if task.projectID == nil { task.projectID = found.projectID }
        }
        if let project = task.projectID, project != before?.projectID {
            task.projectID = try await find(.goals, "/api/projects/", project, "project_id", "project", workspace).id
        }
        if let agent = task.agentID, agent != before?.agentID {
            task.agentID = try await find(.agents, "/agents-api/", agent, "agent_id", "agent", workspace).id
        }
        if let issue = task.issueID, issue != before?.issueID {
            task.issueID = try await find(.board, "/api/issues/", issue, "issue_id", "issue", workspace).id
        }
        return task
    }

    /// The id of a project in a path, by its id or slug.
    /// - Throws: 404.
    func project(_ reference: String, workspace: String) async throws -> String {
        guard Check.isReference(reference) else { throw ServiceError.notFound("project") }
        let known = try await environment.database.read { [facts] in try facts.projectID(reference, workspace: workspace, in: $0)
        }
        if let known { return known }
        return try await environment.peers.get(.goals, "/api/projects/\(reference)", workspace: workspace, as: Referent.self).id
    }

    private func find(
        _ service: ServiceName, _ path: String, _ reference: String, _ field: String, _ noun: String, _ workspace: String
    ) async throws -> Referent {
        let reference = try Check.reference(reference, field)
        do {
            return try await environment.peers.get(service, path + reference, workspace: workspace, as: Referent.self)
        } catch let error as ServiceError where error.kind == .notFound {
            throw ServiceError.invalid(field, "no such \(noun) \"\(reference)\"")
        }
    }
}
