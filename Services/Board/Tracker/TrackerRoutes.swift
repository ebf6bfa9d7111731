import Service

extension BoardService {
    /// Seed 001.
    var trackerSurface: Routes {
        Routes("/api/projects") {
            GET("/{projectId}/issues", .viewer.orAgent, "Lists the issues of a project", tracker.list).paged(
                "status", "assigneeId", "priority", "label", "search")
            POST("/{projectId}/issues", .editor.orAgent, "Makes an issue in a project", tracker.create)
            GET("/issues/{issueId}", .viewer.orAgent, "Shows an issue", tracker.show)
            PUT("/issues/{issueId}", .editor.orAgent, "Changes an issue", tracker.update)
            DELETE("/issues/{issueId}", .editor, "Deletes an issue", tracker.delete).query("confirm")
            POST("/issues/{issueId}/close", .editor.orAgent, "Closes an issue", tracker.close).query("force")
            POST("/issues/{issueId}/pause", .editor, "Has whoever works on an issue stop at the next turn", tracker.pause)
            POST("/issues/{issueId}/resume", .editor, "Has a paused issue go on", tracker.resume)
            GET("/issues/{issueId}/comments", .viewer.orAgent, "Lists the comments on an issue", tracker.comments).paged()
            POST("/issues/{issueId}/comments", .editor.orAgent, "Comments on an issue", tracker.comment)
            GET("/issues/{issueId}/activity", .viewer.orAgent, "Shows an issue's timeline, newest first", tracker.activity)
                .paged()
            GET("/issues/{issueId}/links", .viewer.orAgent, "Lists an issue's links, in both directions", tracker.links)
            POST("/issues/{issueId}/links", .editor.orAgent, "Links an issue to another", tracker.link)
            DELETE("/links/{linkId}", .editor.orAgent, "Removes a link", tracker.unlink)
            GET("/issues/{issueId}/attachments", .viewer.orAgent, "Lists an issue's attachments", attachments.list).paged()
            POST(
                "/issues/{issueId}/attachments", .editor.orAgent, "Attaches a file to an issue", media: "multipart/form-data",
                attachments.upload)
            GET("/attachments/{attachmentId}/download", .viewer.orAgent, "Gives an attachment's bytes", attachments.download)
            DELETE("/attachments/{attachmentId}", .editor, "Deletes an attachment", attachments.delete)
        }
    }
}
