import Models

/// What may be asked, and what becomes of it: pure.
enum ApprovalRules {
    /// The furthest that an expiry may lie ahead: a year.
    static let expirySecondsMax: Double = 366 * 86_400
    static let commentBytesMax = 64 << 10

    /// A new approval as its body describes it; what it refers to is still to be looked up.
    /// - Throws: 400 naming the field.
    static func make(
        _ body: CreateApproval, id: String, workspace: String, by actor: Actor, at now: Timestamp
    ) throws(ServiceError) -> Approval {
        if let subject = body.subjectType { try Check.name(subject, "subject_type", lengthMax: Check.tagLengthMax) }
        if let subject = body.subjectID {
            try Check.reference(subject, "subject_id")
            guard body.subjectType != nil else { throw .invalid("subject_type", "required beside subject_id") }
        }
        if let expiry = body.expiresAt {
            guard expiry > now, expiry <= now.adding(seconds: expirySecondsMax) else {
                throw .invalid("expires_at", "must lie ahead, at most a year")
            }
        }
        return Approval(
            id: id, workspaceID: workspace, type: body.type, title: try Check.name(body.title, "title"),
            detail: try Check.text(body.detail ?? "", "detail"), subjectType: body.subjectType, subjectID: body.subjectID,
            projectID: body.projectID, requestedBy: actor, expiresAt: body.expiresAt, onExpiry: body.onExpiry ?? .reject,
            createdAt: now, updatedAt: now)
    }

    /// - Throws: 409 when it is decided already, or has expired.
    static func approve(_ approval: Approval, by actor: Actor, comment: String?, at now: Timestamp) throws(ServiceError)
        -> Approval
    {
        if let comment { try Check.text(comment, "comment", bytesMax: commentBytesMax) }
        return try decide(approval, .approved, Decision(by: actor, at: now, comment: comment))
    }

    /// - Throws: 400 without a reason; 409 when it is decided already, or has expired.
    static func reject(_ approval: Approval, by actor: Actor, reason: String, at now: Timestamp) throws(ServiceError) -> Approval
    {
        try Check.text(reason, "reason", bytesMax: commentBytesMax)
        guard reason.contains(where: { !$0.isWhitespace }) else { throw .invalid("reason", "must not be blank") }
        return try decide(approval, .rejected, Decision(by: actor, at: now, reason: reason))
    }

    private static func decide(_ approval: Approval, _ status: ApprovalStatus, _ decision: Decision) throws(ServiceError)
        -> Approval
    {
        guard approval.status == .pending else {
            let who = approval.decision.map { " by \($0.by.name ?? $0.by.id)" } ?? ""
            throw .conflict("the approval is \(approval.status.rawValue)\(who) already", code: "decided")
        }
        if let expiry = approval.expiresAt, expiry <= decision.at { throw .conflict("the approval has expired", code: "expired") }
        return decided(approval, status, decision)
    }

    private static func decided(_ approval: Approval, _ status: ApprovalStatus, _ decision: Decision) -> Approval {
        var approval = approval
        approval.status = status
        approval.decision = decision
        approval.updatedAt = decision.at
        return approval
    }

    /// What a pending approval becomes when nobody decided it in time.
    static func expired(_ approval: Approval, at now: Timestamp) -> Approval {
        let comment = "nobody decided before it expired"
        switch approval.onExpiry {
        case .approve: return decided(approval, .approved, Decision(by: .suite, at: now, comment: comment))
        case .reject: return decided(approval, .expired, Decision(by: .suite, at: now, reason: comment))
        }
    }

    /// What a pending approval becomes when what it asks for was decided elsewhere: nil when it is not pending.
    static func settled(
        _ approval: Approval, _ status: ApprovalStatus, by actor: Actor, because text: String, at now: Timestamp
    ) -> Approval? {
        guard approval.status == .pending else { return nil }
        return decided(approval, status, Decision(by: actor, at: now, comment: text))
    }

    /// The policy that an approval falls under: one that names its agent and project before one that names less, and of equals
    /// the one that
    /// leaves the decision to a human, then the newest.
    static func policy(for approval: Approval, among policies: [ApprovalPolicy]) -> ApprovalPolicy? {
        let agent = approval.requestedBy.flatMap { $0.type == .agent ? $0.id : nil }
        let fitting = policies.filter { policy in
            policy.type == approval.type && (policy.projectID == nil || policy.projectID == approval.projectID)
                && (policy.agentID == nil || policy.agentID == agent)
        }
        func rank(_ policy: ApprovalPolicy) -> (Int, Int, Int64) {
            (
                (policy.agentID == nil ? 0 : 2) + (policy.projectID == nil ? 0 : 1), policy.action == .requireHuman ? 1 : 0,
                policy.createdAt.milliseconds
            )
        }
        return fitting.max { rank($0) < rank($1) }
    }

    /// What a policy makes of a new approval: nil when a human must decide. The decision is the suite's own, and names the
    /// policy.
    static func applying(_ policy: ApprovalPolicy?, to approval: Approval, at now: Timestamp) -> Approval? {
        guard let policy, approval.status == .pending else { return nil }
        let text = "decided by the policy \(policy.id) (\(policy.action.rawValue))"
        switch policy.action {
        case .autoApprove: return decided(approval, .approved, Decision(by: .suite, at: now, comment: text))
        case .autoReject: return decided(approval, .rejected, Decision(by: .suite, at: now, reason: text))
        case .requireHuman: return nil
        }
    }
}
