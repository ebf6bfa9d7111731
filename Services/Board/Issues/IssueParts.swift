import Models
import Storage

/// What somebody said about an issue.
struct IssueComment: Codable, Sendable, StoredModel {
    static let noun = "comment"

    var id: String
    var issueID: String
    var content: String
    var author: Actor
    /// `user_api` or `agent_tool_call` (seed 003).
    var authoredVia: String
    var createdAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, issueID = "issue_id", content, author, authoredVia = "authored_via", createdAt = "created_at"
    }
}

/// One line of an issue's history.
struct IssueActivity: Codable, Sendable, StoredModel {
    static let noun = "activity"

    var id: String
    var issueID: String
    /// `created`, `status_changed`, `commented` …
    var action: String
    var actor: Actor
    /// For people to read.
    var details: String
    var field: String?
    var from: String?
    var to: String?
    /// What was said, attached or linked.
    var subjectID: String?
    var authoredVia: String
    var createdAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, issueID = "issue_id", action, actor, details, field, from, to, subjectID = "subject_id"
        case authoredVia = "authored_via", createdAt = "created_at"
    }
}

/// A label of a workspace.
struct IssueLabel: Codable, Sendable, StoredModel {
    static let noun = "label"

    var id: String
    var workspaceID: String
    var name: String
    var color: String
    var labelGroup: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", name, color, labelGroup = "label_group", createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// How two issues are related, as it is stored: from the source to the target.
enum LinkKind: String, Codable, Sendable, Hashable, CaseIterable {
    case blocks, relatesTo = "relates_to", duplicateOf = "duplicate_of"
}

/// A link as one of its two issues sees it.
enum LinkType: String, Sendable, Hashable, CaseIterable {
    case blocks, blockedBy, relatesTo, duplicateOf, duplicatedBy

    /// What is stored, and whether the other issue is its source.
    var stored: (kind: LinkKind, isFlipped: Bool) {
        switch self {
        case .blocks: (.blocks, false)
        case .blockedBy: (.blocks, true)
        case .relatesTo: (.relatesTo, false)
        case .duplicateOf: (.duplicateOf, false)
        case .duplicatedBy: (.duplicateOf, true)
        }
    }

    init(_ kind: LinkKind, isFlipped: Bool) {
        switch kind {
        case .blocks: self = isFlipped ? .blockedBy : .blocks
        case .relatesTo: self = .relatesTo
        case .duplicateOf: self = isFlipped ? .duplicatedBy : .duplicateOf
        }
    }
}

/// A link between two issues, as it is stored.
struct IssueLink: Sendable, Hashable {
    var id: String
    var sourceID: String
    var kind: LinkKind
    var targetID: String
    var createdAt: Timestamp

    /// The link as one of its two issues sees it.
    func type(from issue: String) -> LinkType { LinkType(kind, isFlipped: issue != sourceID) }

    /// The other one of the two.
    func other(than issue: String) -> String { issue == sourceID ? targetID : sourceID }
}
