import Service

extension BoardService {
    /// Seed 003.
    var crewsSurface: Routes { crewIssueLists + crewRoutes + issuesOfCrews + partsOfCrewIssues + planningRoutes }

    private var crewIssueLists: Routes {
        Routes("/api/v1/issues") {
            GET("", .viewer.orAgent, "Lists the issues of all crews", crewIssues.list).query(
                "status", "priority", "project_id", "crew_id", "assignee_id", "label", "search", "mission_type", "milestone_id",
                "parent_issue_id", "sort", "limit", "offset")
            PATCH("/bulk", .manager, "Changes up to 100 issues", crewIssues.bulk)
            GET("/{identifier}", .viewer.orAgent, "Shows the issue of an identifier", crewIssues.show)
        }
    }

    private var crewRoutes: Routes {
        Routes("/api/v1/crews") {
            GET("", .viewer, "Lists crews", crews.list)
            POST("", .manager, "Makes a crew", crews.create)
            GET("/{crewId}", .viewer, "Shows a crew", crews.show)
            PATCH("/{crewId}", .manager, "Changes a crew", crews.update)
            PUT("/{crewId}", .manager, "Changes a crew", crews.update)
            DELETE("/{crewId}", .manager, "Deletes a crew that has no issues", crews.delete)
            GET("/{crewId}/members", .viewer, "Lists the agents of a crew", crews.members)
            POST("/{crewId}/members", .manager, "Adds an agent to a crew", crews.addMember)
            DELETE("/{crewId}/members", .manager, "Takes an agent out of a crew", crews.removeMember).query("agent_id")
            DELETE("/{crewId}/members/{agentId}", .manager, "Takes an agent out of a crew", crews.removeMember)
        }
    }

    private var issuesOfCrews: Routes {
        Routes("/api/v1/crews/{crewId}/issues") {
            GET("", .viewer.orAgent, "Lists the issues of a crew", crewIssues.listOfCrew).query(
                "status", "priority", "project_id", "assignee_id", "label", "search", "mission_type", "milestone_id",
                "parent_issue_id", "sort", "limit", "offset")
            POST("", .manager.orAgent, "Makes an issue in a crew", crewIssues.create)
            GET("/{identifier}", .viewer.orAgent, "Shows an issue", crewIssues.showOfCrew)
            PATCH("/{identifier}", .manager.orAgent, "Changes an issue", crewIssues.update)
            DELETE("/{identifier}", .manager, "Deletes an issue from BACKLOG or CANCELLED", crewIssues.delete)
            POST("/{identifier}/start", .manager, "Starts an issue: its agent gets to work", crewIssues.start)
            POST("/{identifier}/stop", .manager, "Stops an issue and cancels its tasks", crewIssues.stop)
            POST("/{identifier}/review", .manager, "Approves an issue in review, or asks for changes", crewIssues.review)
            POST("/{identifier}/run-routine", .manager, "Makes the tasks of an issue's routine", crewIssues.runRoutine)
            GET("/{identifier}/runs", .viewer, "Lists the runs of an issue's agents, newest first", crewIssues.runs)
        }
    }

    private var partsOfCrewIssues: Routes {
        Routes("/api/v1/crews/{crewId}/issues/{identifier}") {
            GET("/comments", .viewer.orAgent, "Lists the comments on an issue", crewParts.comments).paged()
            POST("/comments", .manager.orAgent, "Comments on an issue", crewParts.comment)
            GET("/relations", .viewer.orAgent, "Lists an issue's relations", crewParts.relations)
            POST("/relations", .manager.orAgent, "Relates an issue to another", crewParts.relate)
            GET("/activity", .viewer.orAgent, "Lists what happened to an issue, newest first", crewParts.activity).paged()
            GET("/subtasks", .viewer.orAgent, "Lists an issue's sub-issues", crewParts.subtasks)
            GET("/attachments", .viewer.orAgent, "Lists an issue's attachments", attachments.listOfCrew).paged()
            POST(
                "/attachments", .manager.orAgent, "Attaches a file to an issue", media: "multipart/form-data",
                attachments.uploadOfCrew)
            GET("/attachments/{id}", .viewer.orAgent, "Gives an attachment's bytes", attachments.downloadOfCrew)
            DELETE("/attachments/{id}", .manager, "Deletes an attachment", attachments.deleteOfCrew)
            GET("/code-links", .viewer.orAgent, "Lists an issue's pull and merge requests", crewParts.codeLinks).paged()
            POST("/code-links", .manager.orAgent, "Adds a pull or merge request to an issue", crewParts.addCodeLink)
            DELETE("/code-links/{id}", .manager, "Takes a pull or merge request from an issue", crewParts.deleteCodeLink)
        }
    }

    private var planningRoutes: Routes {
        Routes("/api/v1") {
            DELETE("/relations/{id}", .manager, "Removes a relation", crewParts.unrelate)
            GET("/labels", .viewer.orAgent, "Lists labels", labels.list)
            POST("/labels", .manager, "Makes a label", labels.create)
            PATCH("/labels/{id}", .manager, "Changes a label", labels.update)
            DELETE("/labels/{id}", .manager, "Deletes a label", labels.delete)
            GET("/projects/{projectId}/milestones", .viewer, "Lists the milestones of a project", planning.milestones)
            POST("/projects/{projectId}/milestones", .manager, "Makes a milestone", planning.createMilestone)
            PATCH("/milestones/{id}", .manager, "Changes a milestone", planning.updateMilestone)
            DELETE("/milestones/{id}", .manager, "Deletes a milestone; its issues stay", planning.deleteMilestone)
            GET("/projects/{projectId}/stats", .viewer, "Shows how the issues of a project stand", planning.stats)
            GET("/routines", .viewer, "Lists routines", planning.routines)
            POST("/routines", .manager, "Makes a routine", planning.createRoutine)
            GET("/routines/{id}", .viewer, "Shows a routine", planning.routine)
            PATCH("/routines/{id}", .manager, "Changes a routine", planning.updateRoutine)
            DELETE("/routines/{id}", .manager, "Deletes a routine", planning.deleteRoutine)
        }
    }
}
