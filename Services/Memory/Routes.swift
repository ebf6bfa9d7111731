import Service

extension MemoryService {
    public var routes: Routes {
        Routes("/memory-api") {
            GET("", .viewer.orAgent, "Lists memories", memories.list)
                .paged("scope", "project_id", "agent_id", "kind", "tags", "sort")
            POST("", .editor.orAgent, "Remembers something, or asks to", memories.create)
            GET("/search", .viewer.orAgent, "Searches memories", search.searchByQuery)
                .query("q", "mode", "scope", "tags", "limit", "project_id", "agent_id")
            POST("/search", .viewer.orAgent, "Searches memories", search.search)
            GET("/approvals", .viewer, "Lists memories that wait for approval", approvals.list)
                .paged("status", "project_id", "agent_id")
            GET("/approvals/{id}", .viewer, "Shows a memory that waits, or waited, for approval", approvals.show)
            POST("/approvals/{id}/approve", .manager, "Lets a memory be saved", approvals.approve)
            POST("/approvals/{id}/reject", .manager, "Keeps a memory from being saved", approvals.reject)
            GET("/{id}", .viewer.orAgent, "Shows a memory", memories.show)
            PATCH("/{id}", .editor.orAgent, "Changes a memory", memories.update)
            DELETE("/{id}", .editor, "Forgets a memory", memories.delete)
        }
    }
}
