import Service

extension AgentsService {
    public var routes: Routes {
        Routes("/agents-api") {
            GET("", .viewer, "Lists the agents", agents.list).paged("enabled", "slug", "search")
            POST("", .manager, "Creates an agent", agents.create)
            GET("/{id}", .viewer.orAgent, "Shows an agent", agents.show)
            PUT("/{id}", .manager, "Replaces an agent", agents.replace)
            PATCH("/{id}", .manager, "Changes an agent", agents.update)
            DELETE("/{id}", .manager, "Deletes an agent", agents.delete)
            POST("/{id}/clone", .manager, "Copies an agent under a new name", agents.clone)
            POST("/{id}/enable", .manager, "Lets an agent run", agents.enable)
            POST("/{id}/disable", .manager, "Keeps an agent from starting runs", agents.disable)
            GET("/{id}/versions", .viewer, "Lists what an agent was before each change", agents.versions).query("limit")
            GET("/{id}/usage", .viewer, "Shows what an agent has used against its budget", agents.usage)
            GET("/{id}/skills", .viewer, "Lists an agent's skills", skills.list)
            PUT("/{id}/skills", .manager, "Replaces an agent's skills", skills.replace)
            POST("/{id}/skills", .manager, "Gives an agent more skills", skills.add)
            DELETE("/{id}/skills/{skill}", .manager, "Takes a skill from an agent", skills.remove)
        }
    }
}
