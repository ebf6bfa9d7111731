import Models
import Storage

extension Approval: StoredModel {
    public static var noun: String { "approval" }
}

extension ApprovalComment: StoredModel {
    public static var noun: String { "comment" }
}

extension ApprovalPolicy: StoredModel {
    public static var noun: String { "policy" }
}

/// The tables of the approvals service; append-only.
enum ApprovalMigrations {
    static let approvals = DocumentTable<Approval>(
        "approvals",
        columns: [
            Column("status", .text, index: .filtered) { $0.status.rawValue },
            Column("type", .text, index: .filtered) { $0.type.rawValue },
            Column("subject_id", .text, index: .filtered) { $0.subjectID },
            Column("project_id", .text, index: .filtered) { $0.projectID },
            Column("requested_by", .text, index: .filtered) { $0.requestedBy?.id },
            Column("expires_at", .integer) { $0.expiresAt },
        ])

    static let comments = DocumentTable<ApprovalComment>(
        "approval_comments", columns: [Column("approval_id", .text, index: .filtered) { $0.approvalID }])

    static let policies = DocumentTable<ApprovalPolicy>(
        "approval_policies",
        columns: [
            Column("type", .text, index: .filtered) { $0.type.rawValue },
            Column("project_id", .text) { $0.projectID },
            Column("agent_id", .text) { $0.agentID },
        ])

    static let all: [Migration] = [
        Migration("approvals", approvals.schema),
        Migration("approval comments", comments.schema),
        Migration("approval policies", policies.schema),
        Migration(
            "approvals by expiry",
            "CREATE INDEX approvals_by_expiry ON approvals (expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;"),
    ]
}
