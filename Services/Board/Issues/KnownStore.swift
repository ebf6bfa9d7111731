import Models
import Storage

/// What is copied from other services: the names and slugs of projects and agents, and the names of people who have changed
/// something here.
struct KnownStore: Sendable {
    enum Kind: String, Sendable { case project, agent, user }

    struct Known: Sendable {
        let id: String
        let name: String
    }

    func keep(_ kind: Kind, id: String, slug: String?, name: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run(
            """
            INSERT INTO known (workspace_id, kind, id, slug, name) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (workspace_id, kind, id) DO UPDATE SET slug = excluded.slug, name = excluded.name
            WHERE slug IS NOT excluded.slug OR name <> excluded.name
            """, workspace, kind.rawValue, id, slug, name)
    }

    func forget(_ kind: Kind, id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM known WHERE workspace_id = ? AND kind = ? AND id = ?", workspace, kind.rawValue, id)
    }

    /// The one of that id or slug.
    func find(_ kind: Kind, _ reference: String, workspace: String, in reader: any SQLReader) throws -> Known? {
        try reader.one(
            """
            SELECT id, name FROM known WHERE workspace_id = ?1 AND kind = ?2 AND id = ?3
            UNION ALL SELECT id, name FROM known WHERE workspace_id = ?1 AND kind = ?2 AND slug = ?3 LIMIT 1
            """, workspace, kind.rawValue, reference
        ) { Known(id: $0.text(0), name: $0.text(1)) }
    }
}
