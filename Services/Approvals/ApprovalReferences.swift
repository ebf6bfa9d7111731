import Identity
import Models
import Service

/// Looks up what an approval or a policy refers to, in the services that own it.
struct ApprovalReferences: Sendable {
    let environment: ServiceEnvironment

    private struct Referent: Decodable {
        let id: String
        let projectID: String?

        enum CodingKeys: String, CodingKey {
            case id, projectID = "project_id"
        }
    }

    /// Where the subjects are that are known by name; any other word is the caller's own and not looked up.
    private static let subjects: [String: (service: ServiceName, path: String)] = [
        "goal": (.goals, "/goals-api/"), "project": (.goals, "/api/projects/"), "task": (.tasks, "/tasks-api/"),
        "run": (.runs, "/runs-api/"), "agent": (.agents, "/agents-api/"), "memory": (.memory, "/memory-api/"),
        "issue": (.board, "/api/issues/"),
    ]

    /// What an agent asks for is of its own run's project; of its run unless it says of what.
    /// - Throws: 400 for another project.
    static func confined(_ approval: Approval, to run: RunBinding) throws(ServiceError) -> Approval {
        var approval = approval
        if let project = approval.projectID, project != run.projectID {
            throw .invalid("project_id", "an agent asks in its own project only")
        }
        approval.projectID = run.projectID
        if approval.subjectType == nil {
            approval.subjectType = "run"
            approval.subjectID = run.runID
        }
        return approval
    }

    /// The approval with the ids of its project and its subject.
    /// - Throws: 400 naming the field that refers to nothing.
    func resolve(_ approval: Approval, by principal: Principal, workspace: String) async throws -> Approval {
        var approval = approval
        // The suite's own services, and an agent's own run and project, were known before.
        if let project = approval.projectID, principal.kind != .service, principal.run == nil {
            approval.projectID = try await self.project(project, "project_id", workspace: workspace)
        }
        guard principal.kind != .service, let type = approval.subjectType, let id = approval.subjectID,
            let place = ApprovalReferences.subjects[type], principal.run?.runID != id
        else { return approval }
        let found = try await find(place.service, place.path, id, "subject_id", type, workspace)
        approval.subjectID = found.id
        if approval.projectID == nil { approval.projectID = type == "project" ? found.id : found.projectID }
        return approval
    }

    func project(_ reference: String, _ field: String, workspace: String) async throws -> String {
        try await find(.goals, "/api/projects/", reference, field, "project", workspace).id
    }

    func agent(_ reference: String, _ field: String, workspace: String) async throws -> String {
        try await find(.agents, "/agents-api/", reference, field, "agent", workspace).id
    }

    /// The id of a project to filter by. A project that there is not has no approvals.
    func projectToFilter(_ reference: String, workspace: String) async throws -> String {
        guard !reference.hasPrefix("proj_"), Check.isReference(reference) else { return reference }
        do {
            return try await environment.peers.get(.goals, "/api/projects/\(reference)", workspace: workspace, as: Referent.self)
                .id
        } catch let error as ServiceError where error.kind == .notFound {
            return reference
        }
    }

    private func find(
        _ service: ServiceName, _ path: String, _ reference: String, _ field: String, _ noun: String, _ workspace: String
    ) async throws -> Referent {
        try Check.reference(reference, field)
        do {
            return try await environment.peers.get(service, path + reference, workspace: workspace, as: Referent.self)
        } catch let error as ServiceError where error.kind == .notFound {
            throw ServiceError.invalid(field, "no such \(noun) \"\(reference)\"")
        }
    }
}
