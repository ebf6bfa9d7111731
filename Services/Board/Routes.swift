import Service

extension BoardService {
    public var routes: Routes { scope + workspaceSurface + trackerSurface + crewsSurface }

    private var scope: Routes {
        Routes("/board-api") {
            GET("", .viewer.orAgent, "Shows the board of a project: its columns with their cards", board.show).query("project_id")
            POST("/cards/{issueId}/move", .editor, "Moves an issue's card into a column, before or after another", board.move)
            PUT("/columns/{status}", .manager, "Says how many cards a column should have at most", board.limit)
            GET("/views", .viewer, "Lists saved views", views.list).paged()
            POST("/views", .editor, "Saves a view: a filter, an order, a grouping", views.create)
            GET("/views/{id}", .viewer, "Shows a view", views.show)
            PATCH("/views/{id}", .editor, "Changes a view", views.update)
            DELETE("/views/{id}", .editor, "Deletes a view", views.delete)
            GET("/views/{id}/issues", .viewer, "Lists the issues of a view", views.issues).paged()
            GET("/search", .viewer.orAgent, "Finds issues by their titles, descriptions and comments", views.search).query(
                "q", "project_id", "limit")
            POST("/sync", .editor, "Synchronises with the connected trackers", syncs.start).query("wait")
            GET("/sync/{id}", .viewer, "Shows how a synchronisation goes", syncs.show)
            GET("/integrations", .admin, "Lists connections to trackers", integrations.list).paged("provider", "project_id")
            POST("/integrations", .admin, "Connects a tracker", integrations.create)
            GET("/integrations/{id}", .admin, "Shows a connection", integrations.show)
            PATCH("/integrations/{id}", .admin, "Changes a connection", integrations.update)
            DELETE("/integrations/{id}", .admin, "Removes a connection", integrations.delete)
        }
    }
}
