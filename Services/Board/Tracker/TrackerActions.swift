import Models
import Service
import Storage

/// Closing, pausing and resuming; comments and links.
extension TrackerHandlers {
    func close(_ call: Call) async throws -> NoContent {
        let force = try call.query.bool("force") ?? false
        return try await change(call) { stored, issue, transaction in
            if !force, issue.status != .closed {
                let dependents = try ledger.links.dependents(of: stored.id, workspace: call.workspace, in: transaction)
                try DependencyRules.checkClosing(dependents: dependents.map(\.identifier))
            }
            desk.move(&issue, to: .closed)
        }
    }

    func pause(_ call: Call) async throws -> NoContent {
        try await change(call) { _, issue, _ in
            guard !issue.status.isEnded else {
                throw ServiceError.conflict(
                    "the issue is \(TrackerWords.word(issue.status)): there is nothing to pause", code: "not_running")
            }
            issue.isPaused = true
            if issue.status != .waiting, issue.status != .backlog { issue.status = .todo }
        }
    }

    func resume(_ call: Call) async throws -> NoContent {
        try await change(call) { _, issue, _ in
            guard issue.isPaused else { throw ServiceError.conflict("the issue is not paused", code: "not_paused") }
            desk.move(&issue, to: .inProgress)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        let isConfirmed = try call.query.bool("confirm") == true
        return try await call.write { transaction in
            let stored = try desk.issue(call, in: transaction)
            guard isConfirmed else { throw ServiceError.invalid("confirm", "must be true: the issue is gone for good") }
            try call.checkMatch(stored)
            try ledger.remove(stored, call.cause, in: transaction)
            return NoContent()
        }
    }

    func comment(_ call: Call, body: CreateTrackerComment) async throws -> CreatedReply<TrackerComment> {
        let text = try IssueRules.comment(body.content, "content")
        if let word = body.authorType, !["User", "Agent"].contains(word) {
            throw ServiceError.invalid("authorType", "must be one of User, Agent")
        }
        return try await call.write { transaction in
            let issue = try desk.issue(call, in: transaction)
            let comment = try ledger.comment(text, on: issue, call.cause, in: transaction)
            return CreatedReply(
                try TrackerComment(comment.model(), desk.facts(call, in: transaction)),
                at: "/api/projects/issues/\(issue.id)/comments")
        }
    }

    func comments(_ call: Call) async throws -> BareList<TrackerComment> {
        let query = try call.page(order: [.ascending("id")], limit: TrackerHandlers.listLimit)
        return try await call.read { reader in
            let issue = try desk.issue(call, in: reader)
            let page = try ledger.history.comments(of: issue.id, query, workspace: call.workspace, in: reader)
            let facts = desk.facts(call, in: reader)
            return BareList(views: try page.items.map { try TrackerComment($0.model(), facts) }, nextCursor: page.nextCursor)
        }
    }

    func activity(_ call: Call) async throws -> BareList<TrackerActivity> {
        let query = try call.page(order: [.descending("id")])
        return try await call.read { reader in
            let issue = try desk.issue(call, in: reader)
            let page = try ledger.history.activity(of: issue.id, query, workspace: call.workspace, in: reader)
            let facts = desk.facts(call, in: reader)
            return BareList(views: try page.items.map { try TrackerActivity($0.model(), facts) }, nextCursor: page.nextCursor)
        }
    }

    func link(_ call: Call, body: CreateTrackerLink) async throws -> CreatedReply<TrackerLink> {
        let type = try TrackerWords.linkType(body.linkType)
        return try await call.write { transaction in
            let issue = try desk.issue(call, in: transaction)
            let target = try desk.named(body.targetIssueId, "targetIssueId", call, in: transaction)
            let link = try ledger.link(issue, type, to: target, field: "targetIssueId", call.cause, in: transaction)
            return CreatedReply(
                try TrackerLink(link, from: issue.id, desk.facts(call, in: transaction)), at: "/api/projects/links/\(link.id)")
        }
    }

    func links(_ call: Call) async throws -> BareList<TrackerLink> {
        try await call.read { reader in
            let issue = try desk.issue(call, in: reader).model()
            let facts = desk.facts(call, in: reader)
            return BareList(views: try facts.links(of: issue).map { try TrackerLink($0, from: issue.id, facts) })
        }
    }

    func unlink(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            try ledger.unlink(try desk.link(call, "linkId", in: transaction), call.cause, in: transaction)
            return NoContent()
        }
    }

    private func change(
        _ call: Call, _ body: @escaping @Sendable (Stored<Issue>, inout Issue, Transaction) throws -> Void
    ) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try desk.issue(call, in: transaction)
            try call.checkMatch(stored)
            var issue = try stored.model()
            try body(stored, &issue, transaction)
            try ledger.save(stored, as: issue, call.cause, names: .camel, in: transaction)
            return NoContent()
        }
    }
}

extension IssueDesk {
    /// The link of the path. An agent's token reaches those of the issues that it reaches.
    func link(_ call: Call, _ parameter: StaticString, in reader: any SQLReader) throws -> IssueLink {
        guard let link = try ledger.links.find(call.parameter(parameter), workspace: call.workspace, in: reader) else {
            throw ServiceError.notFound("link")
        }
        if let run = call.principal.run {
            let source = try ledger.issues.find(link.sourceID, workspace: call.workspace, in: reader)?.model()
            guard let source, source.projectID != nil, source.projectID == run.projectID else {
                throw ServiceError.notFound("link")
            }
        }
        return link
    }
}
