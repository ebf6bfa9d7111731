import Models
import Storage

/// Links, comments, and what else is added to an issue.
extension IssueLedger {
    /// Links an issue to another; what it then waits for follows.
    /// - Throws: 400 for a link to itself, 409 when there is one already or a blocking cycle would close.
    func link(
        _ source: Stored<Issue>, _ type: LinkType, to target: Stored<Issue>, field: String, _ cause: Cause,
        in transaction: Transaction
    ) throws -> IssueLink {
        guard source.id != target.id else { throw ServiceError.invalid(field, "must be another issue") }
        let (kind, isFlipped) = type.stored
        let (from, to) = isFlipped ? (target, source) : (source, target)
        let link = IssueLink(
            id: Identifier.make("link", at: cause.now), sourceID: from.id, kind: kind, targetID: to.id, createdAt: cause.now)
        if try links.exists(link, workspace: cause.workspace, in: transaction) {
            throw ServiceError.conflict("the issues are linked so already", code: "link_exists")
        }
        if kind == .blocks, let path = try links.path(from: to.id, to: from.id, workspace: cause.workspace, in: transaction) {
            throw ServiceError.conflict(
                "the link would close a cycle: " + (path + path.prefix(1)).joined(separator: " → "), code: "cycle")
        }
        try links.insert(link, workspace: cause.workspace, in: transaction)
        try noteLink("linked", link, from, to, cause, in: transaction)
        return link
    }

    /// Removes a link.
    func unlink(_ link: IssueLink, _ cause: Cause, in transaction: Transaction) throws {
        try links.delete(link.id, workspace: cause.workspace, in: transaction)
        let source = try issues.get(link.sourceID, workspace: cause.workspace, in: transaction)
        let target = try issues.get(link.targetID, workspace: cause.workspace, in: transaction)
        try noteLink("unlinked", link, source, target, cause, in: transaction)
    }

    /// Writes a new or removed link into both histories, and both issues anew, since both show it.
    private func noteLink(
        _ action: String, _ link: IssueLink, _ source: Stored<Issue>, _ target: Stored<Issue>, _ cause: Cause,
        in transaction: Transaction
    ) throws {
        for (end, other) in [(source, target), (target, source)] {
            let word = HistoryWords.phrase(link.type(from: end.id))
            try note(
                action, of: end.id, cause, details: "\(action): \(word) \(try other.model().identifier)", subject: link.id,
                in: transaction)
            try touch(end, cause, in: transaction)
        }
        if link.kind == .blocks { try settle(target.id, cause, in: transaction) }
    }

    /// Adds what somebody says, to the issue's history too.
    func comment(_ text: String, on old: Stored<Issue>, _ cause: Cause, in transaction: Transaction) throws -> Stored<
        IssueComment
    > {
        let comment = IssueComment(
            id: Identifier.make("comment", at: cause.now), issueID: old.id, content: text, author: cause.actor,
            authoredVia: cause.via, createdAt: cause.now)
        let stored = try history.insert(comment, workspace: cause.workspace, in: transaction)
        try note("commented", of: old.id, cause, details: text, subject: comment.id, in: transaction)
        try touch(old, cause, in: transaction) { $0.commentsCount += 1 }
        try environment.emit(
            "issue.commented", stored, project: try old.model().projectID, workspace: cause.workspace, actor: cause.actor,
            in: transaction)
        return stored
    }

    func uncomment(_ id: String, of old: Stored<Issue>, _ cause: Cause, in transaction: Transaction) throws {
        _ = try history.comment(id, of: old.id, workspace: cause.workspace, in: transaction)
        try history.delete(comment: id, workspace: cause.workspace, in: transaction)
        try note("comment_deleted", of: old.id, cause, details: "deleted a comment", subject: id, in: transaction)
        try touch(old, cause, in: transaction) { $0.commentsCount -= 1 }
    }

    /// Writes an issue anew because of something that hangs on it.
    func touch(
        _ old: Stored<Issue>, _ cause: Cause, in transaction: Transaction, _ change: (inout Issue) -> Void = { _ in }
    ) throws {
        // It may have been written since it was read, in this same transaction.
        guard let current = try issues.find(old.id, workspace: cause.workspace, in: transaction) else { return }
        let before = try current.model()
        var issue = before
        change(&issue)
        issue.updatedAt = cause.now
        let stored = try issues.replace(current, before, with: issue, in: transaction)
        try emit("issue.updated", stored, issue, cause, in: transaction)
    }

    /// Adds a line to an issue's history.
    func note(
        _ action: String, of issue: String, _ cause: Cause, details: String, subject: String? = nil, in transaction: Transaction
    ) throws {
        try history.add(
            IssueActivity(
                id: Identifier.make("act", at: cause.now), issueID: issue, action: action, actor: cause.actor, details: details,
                subjectID: subject, authoredVia: cause.via, createdAt: cause.now),
            workspace: cause.workspace, in: transaction)
    }
}

/// What an issue's history says.
enum HistoryWords {
    static func details(_ change: IssueChange) -> String {
        switch (change.from, change.to) {
        case (nil, nil): change.action.replacing("_", with: " ")
        case (let from?, let to?): "\(from) → \(to)"
        case (nil, let to?): to
        case (let from?, nil): "\(from) removed"
        }
    }

    static func phrase(_ type: LinkType) -> String {
        switch type {
        case .blocks: "blocks"
        case .blockedBy: "blocked by"
        case .relatesTo: "relates to"
        case .duplicateOf: "duplicate of"
        case .duplicatedBy: "duplicated by"
        }
    }
}
