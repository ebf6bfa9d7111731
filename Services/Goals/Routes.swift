import Service

extension GoalsService {
    public var routes: Routes { scopes + projectRoutes + crewsSurface + internals }

    private var scopes: Routes {
        Routes("/goals-api") {
            GET("", .viewer, "Lists goals", goals.list).paged("status", "project_id", "agent_id", "parent_goal_id")
            POST("", .manager, "Makes a goal and drafts its plan, which waits for approval", goals.create)
            GET("/{id}", .viewer.orAgent, "Shows a goal", goals.show)
            PATCH("/{id}", .manager, "Changes a goal; its plan stays", goals.update)
            DELETE("/{id}", .manager, "Deletes a goal with its tasks", goals.delete)
            POST("/{id}/decompose", .manager, "Drafts a pending plan anew", goals.decompose)
            POST("/{id}/approve", .manager, "Approves the plan: its tasks start in dependency order", goals.approve)
            POST("/{id}/cancel", .manager, "Cancels the plan; what runs is interrupted", goals.cancel)
            GET("/{id}/tasks", .viewer, "Lists the tasks of a goal in the order of its plan", goals.tasks).paged("status")
        }
    }

    private var projectRoutes: Routes {
        Routes("/api/projects") {
            GET("", .viewer, "Lists projects", projects.list).paged("status", "search", "sort_by", "offset")
            POST("", .editor, "Makes a project", projects.create)
            GET("/{id}", .viewer.orAgent, "Shows a project", projects.show)
            PATCH("/{id}", .editor, "Changes a project", projects.update)
            PUT("/{id}", .editor, "Replaces the members of a project that it names", projects.update)
            DELETE("/{id}", .editor, "Deletes a project with its goals and tasks", projects.delete)
            GET("/{id}/agents", .viewer.orAgent, "Lists the agents of a project", projects.agents)
            GET("/{id}/logs", .viewer, "Lists what happened in a project", projects.logs).paged()
        }
    }

    /// Projects as the crews surface has them (seed 003); what hangs on their issues is the board's.
    private var crewsSurface: Routes {
        Routes("/api/v1/projects") {
            GET("", .viewer, "Lists projects", projects.listOfCrews).paged("status", "search", "sort_by", "offset")
            POST("", .manager, "Makes a project", projects.create)
            GET("/{id}", .viewer.orAgent, "Shows a project", projects.show)
            PATCH("/{id}", .manager, "Changes a project", projects.update)
            DELETE("/{id}", .manager, "Deletes a project with its goals, tasks and issues", projects.delete)
        }
    }

    private var internals: Routes {
        Routes("/internal/goals") {
            GET("/settled", .service, "Waits until the tasks service has heard all", settled)
        }
    }
}
