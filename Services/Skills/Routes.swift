import Service

extension SkillsService {
    public var routes: Routes {
        Routes("/skills-api") {
            GET("", .viewer, "Lists the skills", skills.list).paged("slug", "search", "tags", "published")
            POST("", .manager, "Creates a skill", skills.create)
            POST("/import", .manager, "Makes a skill of a SKILL.md", media: "text/markdown", documents.importDocument)
            GET("/{id}", .viewer.orAgent, "Shows a skill", skills.show)
            PATCH("/{id}", .manager, "Changes a skill", skills.update)
            DELETE("/{id}", .manager, "Deletes a skill with its versions", skills.delete)
            GET("/{id}/versions", .viewer.orAgent, "Lists a skill's versions", versions.list).paged()
            POST("/{id}/versions", .manager, "Makes a version of a skill", versions.create)
            GET("/{id}/versions/{v}", .viewer.orAgent, "Shows a version of a skill", versions.show)
            POST("/{id}/publish", .manager, "Publishes a version of a skill", versions.publish)
            GET("/{id}/export", .viewer.orAgent, "Shows a skill as a SKILL.md", documents.export).query("version")
            POST("/{id}/test", .viewer, "Tries a skill's tests on its content", documents.test)
        }
    }
}
