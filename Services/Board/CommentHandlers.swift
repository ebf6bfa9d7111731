import Models
import Service
import Storage

/// An issue's comments.
struct CommentList: Codable, Sendable {
    let comments: [IssueComment]
}

/// What becomes of the requests about comments.
struct CommentHandlers: Sendable {
    let store: IssueStore

    func list(_ call: Call) async throws -> Reply<CommentList> {
        Reply(
            CommentList(comments: try await call.read { try store.comments(of: try store.visible(call, in: $0), in: $0) }))
    }

    func create(_ call: Call, body: CreateComment) async throws -> CreatedReply<IssueComment> {
        try await call.write { transaction in
            let stored = try store.visible(call, in: transaction)
            let comment = try IssueRules.comment(body, on: stored.id, by: call.actor, at: call.now)
            try store.insert(comment, workspace: call.workspace, in: transaction)
            try change(stored, by: 1, call, in: transaction)
            return CreatedReply(comment, at: "/api/issues/\(stored.id)/comments/\(comment.id)")
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.visible(call, in: transaction)
            guard try store.deleteComment(call.parameter("commentId"), of: stored, in: transaction) else {
                throw ServiceError.notFound("comment")
            }
            try change(stored, by: -1, call, in: transaction)
            return NoContent()
        }
    }

    private func change(_ stored: Stored<Issue>, by count: Int, _ call: Call, in transaction: Transaction) throws {
        var issue = try stored.model()
        issue.commentsCount += count
        issue.updatedAt = call.now
        let changed = try store.replace(stored, with: issue, at: call.now, in: transaction)
        try call.emit("issue.updated", changed, project: issue.projectID, in: transaction)
    }
}
