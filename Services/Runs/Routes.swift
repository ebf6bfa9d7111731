import Service

extension RunsService {
    public var routes: Routes {
        Routes("/runs-api") {
            GET("", .viewer, "Lists runs", runs.list).paged("status", "agent_id", "task_id", "project_id", "goal_id")
            POST("", .manager, "Starts a run of an agent at a task", runs.create)
            GET("/{id}", .viewer.orAgent, "Shows a run", runs.show)
            POST("/{id}/cancel", .manager, "Cancels a run and ends its processes", runs.cancel)
            GET("/{id}/logs", .viewer.orAgent, "Streams a run's log", logLines.stream).query("after", "follow")
            GET("/{id}/result", .viewer.orAgent, "Shows how a run ended", runs.result)
            GET("/{id}/artifacts", .viewer.orAgent, "Lists a run's artifacts", artifacts.list)
            GET("/{id}/artifacts/{name}", .viewer.orAgent, "Gives an artifact", artifacts.download)

            GET("/{id}/context", .agent, "Gives an agent all that it starts with", reports.context)
            POST("/{id}/logs", .agent, "Takes log lines", logLines.append)
            POST("/{id}/heartbeat", .agent, "Renews the lease", reports.heartbeat)
            POST("/{id}/usage", .agent, "Takes what the attempt has used so far", reports.usage)
            PUT("/{id}/artifacts/{name}", .agent, "Takes an artifact", media: "application/octet-stream", artifacts.upload)
            POST("/{id}/result", .agent, "Takes the attempt's outcome", reports.result)
        }
            + Routes("/internal/agent-tokens") {
                POST("/resolve", .service, "Says what an agent's token is bound to", tokens.resolve)
            }
    }
}
