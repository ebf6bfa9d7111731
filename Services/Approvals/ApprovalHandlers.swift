import HTTP
import Models
import Service
import Storage

/// `/approvals-api`: the queue of questions to humans.
struct ApprovalHandlers: Sendable {
    let store: ApprovalStore
    let ledger: ApprovalLedger
    let references: ApprovalReferences

    func list(_ call: Call) async throws -> Listing<Approval> {
        var filters = call.equals("subject_id")
        let statuses = try call.query.words("status", as: ApprovalStatus.self)
        if !statuses.isEmpty { filters.append(.isIn("status", statuses.map(\.rawValue))) }
        let types = try call.query.words("type", as: ApprovalType.self)
        if !types.isEmpty { filters.append(.isIn("type", types.map(\.rawValue))) }
        if let project = call.query["project_id"], !project.isEmpty {
            filters.append(.equals("project_id", try await references.projectToFilter(project, workspace: call.workspace)))
        }
        // An agent's token sees what the agent itself has asked for.
        if call.principal.run != nil { filters.append(.equals("requested_by", call.principal.id)) }
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        let page = try await call.read { try store.approvals.list(query, workspace: call.workspace, in: $0) }
        return Listing(page, as: "approvals")
    }

    func create(_ call: Call, body: CreateApproval) async throws -> Created<Approval> {
        let actor = call.principal.kind == .service ? body.requestedBy ?? call.actor : call.actor
        var draft = try ApprovalRules.make(
            body, id: Identifier.make("appr", at: call.now), workspace: call.workspace, by: actor, at: call.now)
        if let run = call.principal.run { draft = try ApprovalReferences.confined(draft, to: run) }
        let approval = try await references.resolve(draft, by: call.principal, workspace: call.workspace)
        return try await call.write { transaction in
            Created(try ledger.add(approval, actor: call.actor, in: transaction), in: "/approvals-api")
        }
    }

    func show(_ call: Call) async throws -> Found<Approval> {
        Found(try await call.read { try visible(call, in: $0) })
    }

    func approve(_ call: Call, body: Approve) async throws -> Found<Approval> {
        try await decide(call) { approval in
            try ApprovalRules.approve(approval, by: call.actor, comment: body.comment, at: call.now)
        }
    }

    func reject(_ call: Call, body: Reject) async throws -> Found<Approval> {
        try await decide(call) { approval in
            try ApprovalRules.reject(approval, by: call.actor, reason: body.reason, at: call.now)
        }
    }

    func comments(_ call: Call) async throws -> Listing<ApprovalComment> {
        let id = call.parameter("id")
        let query = try call.page(filters: [.equals("approval_id", id)], order: [.ascending("created_at")])
        let page = try await call.read { reader in
            _ = try visible(call, in: reader)
            return try store.comments.list(query, workspace: call.workspace, in: reader)
        }
        return Listing(page, as: "comments")
    }

    func comment(_ call: Call, body: CreateApprovalComment) async throws -> Created<ApprovalComment> {
        try Check.text(body.content, "content", bytesMax: ApprovalRules.commentBytesMax)
        guard body.content.contains(where: { !$0.isWhitespace }) else {
            throw ServiceError.invalid("content", "must not be blank")
        }
        return try await call.write { transaction in
            let approval = try visible(call, in: transaction)
            let comment = ApprovalComment(
                id: Identifier.make("note", at: call.now), approvalID: approval.id, author: call.actor, content: body.content,
                createdAt: call.now)
            let stored = try store.comments.insert(comment, workspace: call.workspace, at: call.now, in: transaction)
            try call.emit("approval.commented", stored, project: try approval.model().projectID, in: transaction)
            return Created(stored, in: "/approvals-api/\(approval.id)/comments")
        }
    }

    private func visible(_ call: Call, in reader: some SQLReader) throws -> Stored<Approval> {
        let stored = try store.approval(call.parameter("id"), workspace: call.workspace, in: reader)
        if call.principal.run != nil, try stored.model().requestedBy?.id != call.principal.id {
            throw ServiceError.notFound("approval")
        }
        return stored
    }

    private func decide(_ call: Call, _ rule: @escaping @Sendable (Approval) throws -> Approval) async throws -> Found<Approval> {
        let answer = try await call.write { transaction in
            let stored = try store.approval(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            return Found(try ledger.decide(stored, try rule(stored.model()), actor: call.actor, in: transaction))
        }
        let environment = call.environment
        let type = try answer.stored.model().type
        let isKnown = await environment.outbox.settled(
            environment.outbox.last.value, by: [type == .memory ? .memory : .goals])
        if isKnown, type == .plan {
            // try?: the goals service goes on to tell the tasks service, whether or not this answer waits for it.
            _ = try? await environment.peers.exchange(
                .goals, .get, "/internal/goals/settled", workspace: call.workspace, body: nil)
        }
        return answer
    }
}
