import Service

extension ApprovalsService {
    public var routes: Routes {
        Routes("/approvals-api") {
            GET("", .viewer.orAgent, "Lists approvals", approvals.list).paged("status", "type", "subject_id", "project_id")
            POST("", .manager.orAgent, "Asks for an approval", approvals.create)
            GET("/stream", .viewer, "Approvals as they are made and decided", stream.stream).query("after")
            GET("/policies", .viewer, "Lists policies", policies.list).paged("type")
            POST("/policies", .manager, "Makes a policy", policies.create)
            DELETE("/policies/{id}", .manager, "Deletes a policy", policies.delete)
            GET("/{id}", .viewer.orAgent, "Shows an approval", approvals.show)
            POST("/{id}/approve", .manager, "Approves", approvals.approve)
            POST("/{id}/reject", .manager, "Rejects, with a reason", approvals.reject)
            GET("/{id}/comments", .viewer.orAgent, "Lists the comments on an approval", approvals.comments).paged()
            POST("/{id}/comments", .manager, "Comments on an approval", approvals.comment)
        }
    }
}
