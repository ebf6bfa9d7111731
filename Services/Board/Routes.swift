import Service

extension BoardService {
    public var routes: Routes { scope + workspaceSurface }

    private var scope: Routes {
        Routes("/board-api") {
            GET("", .viewer.orAgent, "Shows the board of a project: its columns with their cards", board.show).query("project_id")
            POST("/cards/{issueId}/move", .editor, "Moves an issue's card into a column, before or after another", board.move)
            GET("/integrations", .admin, "Lists connections to trackers", integrations.list).paged("provider", "project_id")
            POST("/integrations", .admin, "Connects a tracker", integrations.create)
            GET("/integrations/{id}", .admin, "Shows a connection", integrations.show)
            PATCH("/integrations/{id}", .admin, "Changes a connection", integrations.update)
            DELETE("/integrations/{id}", .admin, "Removes a connection", integrations.delete)
        }
    }

    private var workspaceSurface: Routes {
        Routes("/api") {
            GET("/board", .viewer.orAgent, "Shows the board of a project", board.workspaceBoard).query("project_id")
            GET("/issues", .viewer.orAgent, "Lists issues", issues.list).paged(
                "project_id", "status", "priority", "assignee_id", "search")
            POST("/issues", .editor.orAgent, "Makes an issue", issues.create)
            GET("/issues/{issueId}", .viewer.orAgent, "Shows an issue", issues.show)
            PATCH("/issues/{issueId}", .editor.orAgent, "Changes an issue", issues.update)
            DELETE("/issues/{issueId}", .editor, "Deletes an issue", issues.delete)
            GET("/issues/{issueId}/comments", .viewer.orAgent, "Lists the comments on an issue", comments.list)
            POST("/issues/{issueId}/comments", .editor.orAgent, "Comments on an issue", comments.create)
            DELETE("/issues/{issueId}/comments/{commentId}", .editor, "Deletes a comment", comments.delete)
        }
    }
}
