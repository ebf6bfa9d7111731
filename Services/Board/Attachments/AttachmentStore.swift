import Events
import Models
import Storage

/// A file that somebody attached to an issue.
struct Attachment: Codable, Sendable, StoredModel {
    static let noun = "attachment"

    var id: String
    var issueID: String
    var fileName: String
    var contentType: String
    var bytes: Int64
    var sha256: String
    var createdBy: Actor
    var createdAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, issueID = "issue_id", fileName = "file_name", contentType = "content_type", bytes, sha256
        case createdBy = "created_by", createdAt = "created_at"
    }
}

/// The SQL of attachments, and of the files that they share: how many refer to each.
struct AttachmentStore: Sendable {
    static let table = DocumentTable<Attachment>(
        "attachments",
        columns: [Column("issue_id", .text) { $0.issueID }, Column("sha256", .text) { $0.sha256 }], indexes: [["issue_id"]])
    static let schema =
        table.schema + """

            CREATE TABLE attachment_files (
                sha256 TEXT PRIMARY KEY,
                bytes INTEGER NOT NULL,
                attachments INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE INDEX attachment_files_unused ON attachment_files (sha256) WHERE attachments = 0;
            """
    /// Attachments of one issue.
    static let perIssueMax = 1000

    /// Rises when a file may have lost its last attachment.
    let released = Watermark()

    func list(_ query: ListQuery, of issue: String, workspace: String, in reader: any SQLReader) throws -> Page<Attachment> {
        var query = query
        query.filters.append(.equals("issue_id", issue))
        return try Self.table.list(query, workspace: workspace, in: reader)
    }

    func get(_ id: String, workspace: String, in reader: any SQLReader) throws -> Stored<Attachment> {
        try Self.table.get(id, workspace: workspace, in: reader)
    }

    func insert(_ attachment: Attachment, workspace: String, in transaction: Transaction) throws {
        let count = try transaction.one(
            "SELECT count(*) FROM attachments WHERE workspace_id = ? AND issue_id = ?", workspace, attachment.issueID
        ) { Int($0.int(0)) }
        guard (count ?? 0) < AttachmentStore.perIssueMax else {
            throw ServiceError.conflict("the issue has \(AttachmentStore.perIssueMax) attachments: delete some first")
        }
        try transaction.run(
            """
            INSERT INTO attachment_files (sha256, bytes, attachments) VALUES (?, ?, 1)
            ON CONFLICT (sha256) DO UPDATE SET attachments = attachments + 1
            """, attachment.sha256, attachment.bytes)
        try Self.table.insert(attachment, workspace: workspace, at: attachment.createdAt, in: transaction)
    }

    func delete(_ attachment: Attachment, workspace: String, in transaction: Transaction) throws {
        try Self.table.delete(attachment.id, workspace: workspace, in: transaction)
        try transaction.run(
            "UPDATE attachment_files SET attachments = attachments - 1 WHERE sha256 = ?", attachment.sha256)
        transaction.afterCommit { [released] in released.advance(to: released.value + 1) }
    }

    func deleteAll(of issue: String, workspace: String, in transaction: Transaction) throws {
        let query = ListQuery(limit: AttachmentStore.perIssueMax)
        for stored in try list(query, of: issue, workspace: workspace, in: transaction).items {
            try delete(try stored.model(), workspace: workspace, in: transaction)
        }
    }

    /// Whether something refers to a file.
    func isUsed(_ sha256: String, in reader: any SQLReader) throws -> Bool {
        try reader.one("SELECT attachments > 0 FROM attachment_files WHERE sha256 = ?", sha256) { $0.bool(0) } ?? false
    }

    /// Files that nothing refers to any longer.
    func unused(in reader: any SQLReader) throws -> [String] {
        try reader.all("SELECT sha256 FROM attachment_files WHERE attachments = 0") { $0.text(0) }
    }

    func forget(_ sha256: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM attachment_files WHERE sha256 = ? AND attachments = 0", sha256)
    }
}
