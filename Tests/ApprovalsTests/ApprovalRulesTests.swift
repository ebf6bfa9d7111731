import Models
import Testing

@testable import Approvals

/// The rules of approvals and policies, with values.
@Suite struct ApprovalRulesTests {
    static let now = Timestamp(milliseconds: 1_760_000_000_000)
    static let person = Actor(type: .user, id: "user_1", name: "Kim")

    static func approval(
        _ status: ApprovalStatus = .pending, type: ApprovalType = .permission, project: String? = "proj_1",
        agent: String? = "agent_a",
        onExpiry: ExpiryRule = .reject, expires: Timestamp? = nil
    ) -> Approval {
        Approval(
            id: "appr_1", workspaceID: "default", type: type, title: "May I?", projectID: project,
            requestedBy: agent.map { Actor(type: .agent, id: $0) } ?? person, expiresAt: expires, onExpiry: onExpiry,
            status: status,
            createdAt: now, updatedAt: now)
    }

    @Test(arguments: ApprovalStatus.allCases)
    func onlyWhatIsPendingIsDecided(status: ApprovalStatus) throws {
        func approve() throws -> Approval {
            try ApprovalRules.approve(Self.approval(status), by: Self.person, comment: "ok", at: Self.now)
        }
        func reject() throws -> Approval {
            try ApprovalRules.reject(Self.approval(status), by: Self.person, reason: "no", at: Self.now)
        }
        if status == .pending {
            #expect(try approve().status == .approved && approve().decision?.comment == "ok")
            #expect(try reject().status == .rejected && reject().decision?.reason == "no")
        } else {
            #expect(throws: ServiceError.self) { try approve() }
            let error = #expect(throws: ServiceError.self) { try reject() }
            #expect(error?.kind == .conflict)
        }
    }

    @Test func whatHasExpiredIsNotDecidedByHandAnyMore() {
        let expired = Self.approval(expires: Self.now)
        let error = #expect(throws: ServiceError.self) {
            try ApprovalRules.approve(expired, by: Self.person, comment: nil, at: Self.now)
        }
        #expect(error?.code == "expired")
        #expect(ApprovalRules.expired(expired, at: Self.now).status == .expired)
        #expect(ApprovalRules.expired(Self.approval(onExpiry: .approve), at: Self.now).status == .approved)
        #expect(ApprovalRules.expired(expired, at: Self.now).decision?.by == .suite)
    }

    @Test func theMoreExactPolicyCountsAndAHumanBeforeNone() {
        func policy(_ id: String, _ action: PolicyAction, project: String? = nil, agent: String? = nil, at: Int64 = 0)
            -> ApprovalPolicy
        {
            ApprovalPolicy(
                id: id, workspaceID: "default", type: .permission, projectID: project, agentID: agent, action: action,
                createdAt: Timestamp(milliseconds: Self.now.milliseconds + at))
        }
        let all = policy("all", .autoReject)
        let project = policy("project", .autoApprove, project: "proj_1")
        let agent = policy("agent", .requireHuman, agent: "agent_a")
        let both = policy("both", .autoApprove, project: "proj_1", agent: "agent_a")
        func best(_ approval: Approval, _ policies: [ApprovalPolicy]) -> String? {
            ApprovalRules.policy(for: approval, among: policies)?.id
        }
        #expect(best(Self.approval(), [all]) == "all")
        #expect(best(Self.approval(), [all, project]) == "project")
        #expect(best(Self.approval(), [project, agent]) == "agent")
        #expect(best(Self.approval(), [agent, both, all]) == "both")
        #expect(best(Self.approval(type: .memory), [all]) == nil)
        #expect(best(Self.approval(project: nil, agent: nil), [project, agent, both]) == nil)
        #expect(best(Self.approval(), [policy("a", .autoApprove, at: 9), policy("b", .requireHuman)]) == "b")
        #expect(best(Self.approval(), [policy("a", .autoApprove), policy("b", .autoReject, at: 9)]) == "b")
        #expect(ApprovalRules.applying(agent, to: Self.approval(), at: Self.now) == nil)
        let decided = ApprovalRules.applying(project, to: Self.approval(), at: Self.now)
        #expect(decided?.status == .approved && decided?.decision?.comment?.contains("project") == true)
    }

    @Test(arguments: [
        (CreateApproval(type: .other, title: ""), "title"),
        (CreateApproval(type: .other, title: "x", subjectID: "y"), "subject_type"),
        (CreateApproval(type: .other, title: "x", expiresAt: now), "expires_at"),
        (CreateApproval(type: .other, title: "x", subjectType: "a", subjectID: "b/c"), "subject_id"),
    ])
    func badMembersAreNamed(body: CreateApproval, field: String) {
        let error = #expect(throws: ServiceError.self) {
            try ApprovalRules.make(body, id: "appr_1", workspace: "default", by: Self.person, at: Self.now)
        }
        #expect(error?.field == field)
    }
}
