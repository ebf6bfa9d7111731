import Events
import Models
import Service
import Storage

/// Writes approvals, and in the same transaction tells of them.
struct ApprovalLedger: Sendable {
    let store: ApprovalStore
    let environment: ServiceEnvironment

    /// Adds an approval, decided at once when a policy says so.
    func add(_ approval: Approval, actor: Actor, in transaction: Transaction) throws -> Stored<Approval> {
        let stored = try store.approvals.insert(
            approval, workspace: approval.workspaceID, at: approval.createdAt, in: transaction)
        try emit("approval.created", stored, approval, actor, in: transaction)
        guard approval.status == .pending else {
            try emit("approval.decided", stored, approval, actor, in: transaction)
            return stored
        }
        let policies = try store.policies(ofType: approval.type, workspace: approval.workspaceID, in: transaction)
        let policy = ApprovalRules.policy(for: approval, among: policies)
        guard let decided = ApprovalRules.applying(policy, to: approval, at: environment.clock.now()) else { return stored }
        return try decide(stored, decided, actor: .suite, in: transaction)
    }

    /// Writes a decision.
    @discardableResult
    func decide(_ old: Stored<Approval>, _ decided: Approval, actor: Actor, in transaction: Transaction) throws -> Stored<
        Approval
    > {
        let stored = try store.approvals.replace(old, with: decided, at: decided.updatedAt, in: transaction)
        try emit("approval.decided", stored, decided, actor, in: transaction)
        return stored
    }

    /// Applies the rule of every approval that has expired.
    func expire(in transaction: Transaction) throws {
        let now = environment.clock.now()
        for (workspace, id) in try store.expired(at: now, limit: 200, in: transaction) {
            let stored = try store.approval(id, workspace: workspace, in: transaction)
            try decide(stored, ApprovalRules.expired(try stored.model(), at: now), actor: .suite, in: transaction)
        }
    }

    private func emit(
        _ type: String, _ stored: Stored<Approval>, _ approval: Approval, _ actor: Actor, in transaction: Transaction
    ) throws {
        try environment.emit(
            type, stored, project: approval.projectID, workspace: approval.workspaceID, actor: actor, in: transaction)
    }
}

/// What the goals service's events do to approvals: a plan puts one in the queue, and takes it out again when it is decided
/// elsewhere.
struct GoalEvents: Sendable {
    let ledger: ApprovalLedger

    private var store: ApprovalStore { ledger.store }

    func apply(_ event: Event, in transaction: Transaction) throws {
        switch event.type {
        case "goal.drafted": try drafted(event.entity(GoalDrafted.self), event, in: transaction)
        case "goal.approved": try settle(event.entity(Goal.self), .approved, "the goal was approved", event, in: transaction)
        case "goal.cancelled": try settle(event.entity(Goal.self), .cancelled, "the goal was cancelled", event, in: transaction)
        case "goal.deleted":
            try withdraw(where: .subject, is: event.subjectID, but: nil, "the goal was deleted", event, in: transaction)
        case "project.deleted":
            try withdraw(where: .project, is: event.subjectID, but: nil, "the project was deleted", event, in: transaction)
        default: break
        }
    }

    private func drafted(_ plan: GoalDrafted, _ event: Event, in transaction: Transaction) throws {
        guard try store.approvals.find(plan.approval.id, workspace: event.workspaceID, in: transaction) == nil else { return }
        try withdraw(
            where: .subject, is: plan.goal.id, but: plan.approval.id, "the plan was drafted anew", event, in: transaction)
        _ = try ledger.add(plan.approval, actor: event.actor ?? .suite, in: transaction)
    }

    private func settle(
        _ goal: Goal, _ status: ApprovalStatus, _ why: String, _ event: Event, in transaction: Transaction
    ) throws {
        guard let id = goal.approvalID,
            let stored = try store.approvals.find(id, workspace: event.workspaceID, in: transaction)
        else { return }
        try settle(stored, status, why, event, in: transaction)
    }

    private func withdraw(
        where owner: ApprovalStore.Owner, is id: String, but kept: String?, _ why: String, _ event: Event,
        in transaction: Transaction
    ) throws {
        for approval in try store.pending(where: owner, is: id, workspace: event.workspaceID, in: transaction)
        where approval != kept {
            let stored = try store.approval(approval, workspace: event.workspaceID, in: transaction)
            try settle(stored, .cancelled, why, event, in: transaction)
        }
    }

    private func settle(
        _ stored: Stored<Approval>, _ status: ApprovalStatus, _ why: String, _ event: Event, in transaction: Transaction
    ) throws {
        let actor = event.actor ?? .suite
        let now = ledger.environment.clock.now()
        guard let decided = ApprovalRules.settled(try stored.model(), status, by: actor, because: why, at: now) else { return }
        try ledger.decide(stored, decided, actor: actor, in: transaction)
    }
}
