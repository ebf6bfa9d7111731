import Identity
import Models
import Storage

/// Which memories a caller finds, as conditions on the table.
enum MemoryVisibility {
    /// Those that have not expired; of these an agent's token finds what its run may read: global ones, its project's, its own.
    static func filters(_ principal: Principal, at time: Timestamp) -> [Filter] {
        let alive = Filter.sql("d.expires_at IS NULL OR d.expires_at > ?", [time])
        guard principal.kind == .agent else { return [alive] }
        let run = principal.run
        let scopes = run?.memoryReadScopes ?? []
        return [
            alive,
            .sql(
                """
                (? AND d.scope = 'global') OR (? AND d.scope = 'project' AND d.project_id = ?) \
                OR (? AND d.scope = 'agent_private' AND d.agent_id = ?)
                """,
                [
                    scopes.contains(MemoryScope.global.rawValue), scopes.contains(MemoryScope.project.rawValue), run?.projectID,
                    scopes.contains(MemoryScope.agentPrivate.rawValue), run?.agentID,
                ]),
        ]
    }

    /// Those that have a tag.
    static func tagged(_ tag: String) -> Filter {
        .sql(
            "EXISTS (SELECT 1 FROM memory_tags t WHERE t.workspace_id = d.workspace_id AND t.tag = ? AND t.memory_id = d.id)",
            [tag]
        )
    }
}
