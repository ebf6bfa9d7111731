import Service

extension BoardService {
    /// Seed 000.
    var workspaceSurface: Routes {
        Routes("/api") {
            GET("/board", .viewer.orAgent, "Shows the board of a project", board.workspaceBoard).query("project_id")
            GET("/issues", .viewer.orAgent, "Lists issues", workspace.list).paged(
                "project_id", "status", "priority", "assignee_id", "label", "crew_id", "milestone_id", "parent_issue_id",
                "goal_id", "search", "sort")
            POST("/issues", .editor.orAgent, "Makes an issue", workspace.create)
            GET("/issues/{issueId}", .viewer.orAgent, "Shows an issue", workspace.show)
            PATCH("/issues/{issueId}", .editor.orAgent, "Changes an issue", workspace.update)
            DELETE("/issues/{issueId}", .editor, "Deletes an issue", workspace.delete)
            GET("/issues/{issueId}/comments", .viewer.orAgent, "Lists the comments on an issue", workspace.comments).paged()
            POST("/issues/{issueId}/comments", .editor.orAgent, "Comments on an issue", workspace.comment)
            DELETE("/issues/{issueId}/comments/{commentId}", .editor, "Deletes a comment", workspace.deleteComment)
            GET("/issues/{issueId}/activity", .viewer.orAgent, "Lists what happened to an issue", workspace.activity).paged()
            POST("/projects/{projectId}/sync-issues", .editor, "Pulls issues from the connected trackers", syncs.startOfProject)
                .query("wait")
        }
    }
}
