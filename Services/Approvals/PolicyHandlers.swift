import Models
import Service
import Storage

/// `/approvals-api/policies`: what is decided without a human.
struct PolicyHandlers: Sendable {
    let store: ApprovalStore
    let references: ApprovalReferences

    func list(_ call: Call) async throws -> Listing<ApprovalPolicy> {
        var filters: [Filter] = []
        if let type = try call.query.word("type", as: ApprovalType.self) { filters.append(.equals("type", type.rawValue)) }
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        return Listing(try await call.read { try store.policies.list(query, workspace: call.workspace, in: $0) }, as: "policies")
    }

    func create(_ call: Call, body: CreateApprovalPolicy) async throws -> Created<ApprovalPolicy> {
        var policy = ApprovalPolicy(
            id: Identifier.make("policy", at: call.now), workspaceID: call.workspace, type: body.type, action: body.action,
            createdBy: call.actor, createdAt: call.now)
        if let project = body.projectID {
            policy.projectID = try await references.project(project, "project_id", workspace: call.workspace)
        }
        if let agent = body.agentID {
            policy.agentID = try await references.agent(agent, "agent_id", workspace: call.workspace)
        }
        let made = policy
        return try await call.write { transaction in
            let stored = try store.policies.insert(made, workspace: call.workspace, at: call.now, in: transaction)
            return Created(stored, in: "/approvals-api/policies")
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            guard try store.policies.delete(call.parameter("id"), workspace: call.workspace, in: transaction) else {
                throw ServiceError.notFound("policy")
            }
            return NoContent()
        }
    }
}
