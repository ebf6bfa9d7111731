import Models
import Storage

/// A team of agents, whose issues are counted together.
struct Crew: Codable, Sendable, StoredModel {
    static let noun = "crew"

    /// What becomes of an issue when its agent's run is done.
    enum Completion: String, Codable, Sendable, CaseIterable { case review, done }

    var id: String
    var workspaceID: String
    var name: String
    var slug: String
    var description: String
    var color: String?
    var icon: String?
    var issuePrefix: String?
    var leadAgentID: String?
    var agentIDs: [String]
    var onRunDone: Completion
    /// Issues that are made outside of a crew belong to it.
    var isDefault: Bool
    var createdAt: Timestamp
    var updatedAt: Timestamp

    /// The prefix, or the first three letters of the slug.
    var prefix: String { issuePrefix ?? String(slug.filter { $0 != "-" }.prefix(3)).uppercased() }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", name, slug, description, color, icon, issuePrefix = "issue_prefix"
        case leadAgentID = "lead_agent_id", agentIDs = "agent_ids", onRunDone = "on_run_done", isDefault = "is_default"
        case createdAt = "created_at", updatedAt = "updated_at"
    }
}

/// The SQL of crews and of their counters.
struct CrewStore: Sendable {
    static let table = DocumentTable<Crew>(
        "crews", columns: [.slug { $0.slug }, Column("is_default", .integer) { $0.isDefault }])
    /// What the default crew is called, and what its issues' identifiers begin with.
    static let defaultName = "General"
    static let defaultPrefix = "ISS"

    func all(workspace: String, in reader: any SQLReader) throws -> [Stored<Crew>] {
        try Self.table.list(
            ListQuery(order: [.ascending("created_at")], limit: ListQuery.limitMax), workspace: workspace, in: reader
        ).items
    }

    func get(_ reference: String, workspace: String, in reader: any SQLReader) throws -> Stored<Crew> {
        try Self.table.get(reference, workspace: workspace, in: reader)
    }

    func insert(_ crew: Crew, in transaction: Transaction) throws -> Stored<Crew> {
        try Self.table.insert(crew, workspace: crew.workspaceID, at: crew.createdAt, in: transaction)
    }

    func replace(_ old: Stored<Crew>, with crew: Crew, in transaction: Transaction) throws -> Stored<Crew> {
        try Self.table.replace(old, with: crew, at: crew.updatedAt, in: transaction)
    }

    func delete(_ crew: Stored<Crew>, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM crew_counters WHERE workspace_id = ? AND crew_id = ?", crew.workspace, crew.id)
        try Self.table.delete(crew.id, workspace: crew.workspace, in: transaction)
    }

    /// The crew of the issues that were made outside of one; it is made when it is first needed.
    func home(workspace: String, at now: Timestamp, in transaction: Transaction) throws -> Crew {
        let query = ListQuery(filters: [.equals("is_default", 1)], limit: 1)
        if let found = try Self.table.list(query, workspace: workspace, in: transaction).items.first { return try found.model() }
        var slug = "general"
        var count = 1
        while try Self.table.find(slug, workspace: workspace, in: transaction) != nil {
            count += 1
            slug = "general-\(count)"
        }
        let crew = Crew(
            id: Identifier.make("crew", at: now), workspaceID: workspace, name: CrewStore.defaultName, slug: slug,
            description: "Issues that belong to no other crew.", issuePrefix: CrewStore.defaultPrefix, agentIDs: [],
            onRunDone: .review, isDefault: true, createdAt: now, updatedAt: now)
        return try insert(crew, in: transaction).model()
    }

    /// The next number of a crew: none is skipped or given twice, since it is given in the transaction of its issue.
    func nextNumber(of crew: String, workspace: String, in transaction: Transaction) throws -> Int {
        let number = try transaction.one(
            """
            INSERT INTO crew_counters (workspace_id, crew_id, last) VALUES (?, ?, 1)
            ON CONFLICT (workspace_id, crew_id) DO UPDATE SET last = last + 1 RETURNING last
            """, workspace, crew
        ) { Int($0.int(0)) }
        guard let number else { throw ServiceError.internal("the counter of \(crew) gave no number") }
        return number
    }
}
