import Models
import Storage

/// The SQL of links between issues, and what follows from them.
struct LinkStore: Sendable {
    private static let columns = "id, source_id, kind, target_id, created_at"
    /// Issues of a path that a message names.
    private static let pathMax = 50

    func insert(_ link: IssueLink, workspace: String, in transaction: Transaction) throws {
        do {
            try transaction.run(
                "INSERT INTO issue_links (workspace_id, \(LinkStore.columns)) VALUES (?, ?, ?, ?, ?, ?)", workspace, link.id,
                link.sourceID, link.kind.rawValue, link.targetID, link.createdAt)
        } catch StorageError.uniqueViolation {
            throw ServiceError.conflict("the issues are linked so already", code: "link_exists")
        }
    }

    func find(_ id: String, workspace: String, in reader: any SQLReader) throws -> IssueLink? {
        try reader.one(
            "SELECT \(LinkStore.columns) FROM issue_links WHERE workspace_id = ? AND id = ?", workspace, id, map: LinkStore.link)
    }

    func delete(_ id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM issue_links WHERE workspace_id = ? AND id = ?", workspace, id)
    }

    /// Both directions, oldest first.
    func links(of issue: String, workspace: String, in reader: any SQLReader) throws -> [IssueLink] {
        try reader.all(
            """
            SELECT \(LinkStore.columns) FROM issue_links WHERE workspace_id = ?1 AND source_id = ?2
            UNION SELECT \(LinkStore.columns) FROM issue_links WHERE workspace_id = ?1 AND target_id = ?2
            ORDER BY created_at, id
            """, workspace, issue, map: LinkStore.link)
    }

    func exists(_ link: IssueLink, workspace: String, in reader: any SQLReader) throws -> Bool {
        // Related is related both ways.
        let isSymmetric = link.kind == .relatesTo
        return try reader.one(
            """
            SELECT 1 FROM issue_links WHERE workspace_id = ?1 AND kind = ?2
                AND ((source_id = ?3 AND target_id = ?4) OR (?5 AND source_id = ?4 AND target_id = ?3))
            """, workspace, link.kind.rawValue, link.sourceID, link.targetID, isSymmetric
        ) { _ in true } ?? false
    }

    func isBlocked(_ issue: String, workspace: String, in reader: any SQLReader) throws -> Bool {
        try reader.one(
            """
            SELECT 1 FROM issue_links l JOIN issues i ON i.workspace_id = l.workspace_id AND i.id = l.source_id
            WHERE l.workspace_id = ? AND l.target_id = ? AND l.kind = 'blocks'
                AND i.status NOT IN ('done', 'closed', 'cancelled') LIMIT 1
            """, workspace, issue
        ) { _ in true } ?? false
    }

    /// The identifiers of what has not ended and blocks an issue.
    func blockers(of issue: String, workspace: String, in reader: any SQLReader) throws -> [String] {
        try reader.all(
            """
            SELECT i.identifier FROM issue_links l JOIN issues i ON i.workspace_id = l.workspace_id AND i.id = l.source_id
            WHERE l.workspace_id = ? AND l.target_id = ? AND l.kind = 'blocks'
                AND i.status NOT IN ('done', 'closed', 'cancelled') ORDER BY i.created_at, i.id
            """, workspace, issue
        ) { $0.text(0) }
    }

    /// The ids of what an issue blocks and that has not ended.
    func dependents(of issue: String, workspace: String, in reader: any SQLReader) throws -> [(id: String, identifier: String)] {
        try reader.all(
            """
            SELECT i.id, i.identifier FROM issue_links l JOIN issues i ON i.workspace_id = l.workspace_id AND i.id = l.target_id
            WHERE l.workspace_id = ? AND l.source_id = ? AND l.kind = 'blocks'
                AND i.status NOT IN ('done', 'closed', 'cancelled') ORDER BY i.created_at, i.id
            """, workspace, issue
        ) { ($0.text(0), $0.text(1)) }
    }

    /// The identifiers along the links by which `from` blocks `to`, both included; nil when it does not.
    func path(from: String, to: String, workspace: String, in reader: any SQLReader) throws -> [String]? {
        var cameFrom: [String: String] = [:]
        var queue = [from]
        var next = 0
        search: while next < queue.count {
            let issue = queue[next]
            next += 1
            let targets = try reader.all(
                "SELECT target_id FROM issue_links WHERE workspace_id = ? AND source_id = ? AND kind = 'blocks'", workspace, issue
            ) { $0.text(0) }
            for target in targets where target != from && cameFrom[target] == nil {
                cameFrom[target] = issue
                if target == to { break search }
                queue.append(target)
            }
        }
        guard from == to || cameFrom[to] != nil else { return nil }
        var ids = [to]
        while let last = ids.last, last != from, let before = cameFrom[last] { ids.append(before) }
        return try ids.reversed().prefix(LinkStore.pathMax).map { id in
            try reader.one("SELECT identifier FROM issues WHERE workspace_id = ? AND id = ?", workspace, id) { $0.text(0) } ?? id
        }
    }

    private static func link(_ row: Row) -> IssueLink {
        IssueLink(
            id: row.text(0), sourceID: row.text(1), kind: LinkKind(rawValue: row.text(2)) ?? .relatesTo, targetID: row.text(3),
            createdAt: row.timestamp(4))
    }
}
