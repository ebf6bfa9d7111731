import Service

extension TasksService {
    public var routes: Routes { scopes + workspaceSurface + projectTasks }

    private var scopes: Routes {
        Routes("/tasks-api") {
            GET("", .viewer, "Lists tasks", tasks.list).paged(
                "status", "project_id", "goal_id", "agent_id", "chat_id", "issue_id")
            POST("", .editor, "Makes a task", tasks.create)
            GET("/{id}", .viewer.orAgent, "Shows a task", tasks.show)
            PATCH("/{id}", .editor, "Changes a task", tasks.update)
            DELETE("/{id}", .editor, "Deletes a task; what runs of it is interrupted", tasks.delete)
            POST("/{id}/approve", .editor, "Approves a draft, or accepts a result in review", actions.approve)
            POST("/{id}/interrupt", .editor, "Stops the run of a task", actions.interrupt)
            POST("/{id}/retry", .editor, "Tries a failed or interrupted task again", actions.retry)
            GET("/{id}/dependencies", .viewer.orAgent, "What a task waits for, and what waits for it", actions.dependencies)
            PUT("/{id}/dependencies", .editor, "Sets what a task waits for", actions.setDependencies)
            GET("/{id}/history", .viewer.orAgent, "Every transition of a task: from, to, who, why, when", actions.history).paged()
        }
    }

    private var workspaceSurface: Routes {
        Routes("/api/tasks") {
            GET("", .viewer, "Lists tasks", workspace.list).paged(
                "status", "project_id", "goal_id", "agent_id", "chat_id", "issue_id")
            POST("", .editor, "Makes a task", workspace.create)
            GET("/{id}", .viewer.orAgent, "Shows a task", workspace.show)
            PATCH("/{id}", .editor, "Changes a task", workspace.update)
            DELETE("/{id}", .editor, "Deletes a task", tasks.delete)
            POST("/{id}/interrupt", .editor, "Stops a running task", workspace.interrupt)
        }
    }

    private var projectTasks: Routes {
        Routes("/api/projects/{projectId}/tasks") {
            GET("", .viewer.orAgent, "Lists the tasks of a project", workspace.listOfProject).paged(
                "status", "agent_id", "goal_id")
            POST("", .editor, "Makes a task in a project", workspace.createInProject)
        }
    }
}
