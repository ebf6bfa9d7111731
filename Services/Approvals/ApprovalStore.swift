import Models
import Storage

/// All the SQL of approvals, their comments and policies, and of the feed that their stream follows.
struct ApprovalStore: Sendable {
    let approvals = ApprovalMigrations.approvals
    let comments = ApprovalMigrations.comments
    let policies = ApprovalMigrations.policies

    /// Policies of one type that are looked at.
    static let policiesMax = 1000

    func approval(_ id: String, workspace: String, in reader: some SQLReader) throws -> Stored<Approval> {
        try approvals.get(id, workspace: workspace, in: reader)
    }

    func policies(ofType type: ApprovalType, workspace: String, in reader: some SQLReader) throws -> [ApprovalPolicy] {
        let query = ListQuery(filters: [.equals("type", type.rawValue)], limit: ApprovalStore.policiesMax)
        return try policies.list(query, workspace: workspace, in: reader).items.map { try $0.model() }
    }

    /// Whether anything was ever asked about a subject.
    func isAsked(about subject: String, workspace: String, in reader: some SQLReader) throws -> Bool {
        try reader.one("SELECT 1 FROM approvals WHERE workspace_id = ? AND subject_id = ? LIMIT 1", workspace, subject) {
            $0.bool(0)
        } ?? false
    }

    /// The pending approvals of a goal's plans, or of a project.
    func pending(where column: Owner, is id: String, workspace: String, in reader: some SQLReader) throws -> [String] {
        try reader.all(
            "SELECT id FROM approvals WHERE workspace_id = ? AND \(column.rawValue) = ? AND status = 'pending'", workspace, id
        ) { $0.text(0) }
    }

    /// What approvals belong to: the columns that `pending(where:is:)` may look in.
    enum Owner: String {
        case subject = "subject_id"
        case project = "project_id"
    }

    /// Pending approvals of all workspaces that have expired, the longest expired first.
    func expired(at now: Timestamp, limit: Int, in reader: some SQLReader) throws -> [(workspace: String, id: String)] {
        try reader.all(
            """
            SELECT workspace_id, id FROM approvals WHERE status = 'pending' AND expires_at IS NOT NULL AND expires_at <= ?
            ORDER BY expires_at LIMIT ?
            """, now, limit
        ) { ($0.text(0), $0.text(1)) }
    }

    /// When the next pending approval expires.
    func nextExpiry(in reader: some SQLReader) throws -> Timestamp? {
        try reader.one(
            "SELECT min(expires_at) FROM approvals WHERE status = 'pending' AND expires_at IS NOT NULL"
        ) { $0.timestampOrNil(0) } ?? nil
    }

    /// Events of a workspace after a sequence, without their sequence: as the outbox keeps them.
    func events(
        after sequence: Int64, workspace: String, limit: Int, in reader: some SQLReader
    ) throws -> [(sequence: Int64, type: String, event: [UInt8])] {
        try reader.all(
            "SELECT sequence, type, event FROM outbox WHERE sequence > ? AND workspace_id = ? ORDER BY sequence LIMIT ?",
            sequence,
            workspace, limit
        ) { ($0.int(0), $0.text(1), $0.bytes(2)) }
    }
}
