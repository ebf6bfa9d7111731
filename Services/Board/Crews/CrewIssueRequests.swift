import Models

/// `POST /api/v1/crews/{crewId}/issues` (seed 003).
struct CreateCrewIssue: Codable, Sendable {
    var title: String
    var description: String?
    var priority: Priority?
    var assigneeType: ActorType?
    var assigneeID: String?
    var dueDate: String?
    var projectID: String?
    var estimate: Int?
    var parentIssueID: String?
    var milestoneID: String?
    var labels: [String]?
    var routineID: String?
    var routineInputs: JSONValue?
    var sortOrder: Double?

    enum CodingKeys: String, CodingKey {
        case title, description, priority, assigneeType = "assignee_type", assigneeID = "assignee_id", dueDate = "due_date"
        case projectID = "project_id", estimate, parentIssueID = "parent_issue_id", milestoneID = "milestone_id", labels
        case routineID = "routine_id", routineInputs = "routine_inputs", sortOrder = "sort_order"
    }
}

/// `PATCH /api/v1/crews/{crewId}/issues/{identifier}`: an empty string or `null` unlinks.
struct UpdateCrewIssue: Codable, Sendable {
    var title: Field<String>
    var description: Field<String>
    var status: Field<String>
    var priority: Field<Priority>
    var assigneeType: Field<ActorType>
    var assigneeID: Field<String>
    var dueDate: Field<String>
    var projectID: Field<String>
    var estimate: Field<Int>
    var parentIssueID: Field<String>
    var milestoneID: Field<String>
    var labels: Field<[String]>
    var routineID: Field<String>
    var routineInputs: Field<JSONValue>
    var sortOrder: Field<Double>

    var isEmpty: Bool {
        title.isAbsent && description.isAbsent && status.isAbsent && priority.isAbsent && assigneeType.isAbsent
            && assigneeID.isAbsent && dueDate.isAbsent && projectID.isAbsent && estimate.isAbsent && parentIssueID.isAbsent
            && milestoneID.isAbsent && labels.isAbsent && routineID.isAbsent && routineInputs.isAbsent && sortOrder.isAbsent
    }

    enum CodingKeys: String, CodingKey {
        case title, description, status, priority, assigneeType = "assignee_type", assigneeID = "assignee_id"
        case dueDate = "due_date", projectID = "project_id", estimate, parentIssueID = "parent_issue_id"
        case milestoneID = "milestone_id", labels, routineID = "routine_id", routineInputs = "routine_inputs"
        case sortOrder = "sort_order"
    }
}

/// `PATCH /api/v1/issues/bulk`.
struct BulkUpdate: Codable, Sendable {
    struct Updates: Codable, Sendable {
        var status: String?
        var priority: Priority?
        var assigneeType: ActorType?
        var assigneeID: String?
        /// An empty string unlinks.
        var projectID: String?
        var labels: [String]?

        enum CodingKeys: String, CodingKey {
            case status, priority, assigneeType = "assignee_type", assigneeID = "assignee_id", projectID = "project_id", labels
        }
    }

    var ids: [String]
    var updates: Updates
}

/// How many issues a bulk update has changed.
struct BulkUpdated: Codable, Sendable {
    let updated: Int
}

/// What an issue's lifecycle operations answer.
struct Lifecycle: Codable, Sendable {
    let status: String
    let identifier: String
    var taskIDs: [String]?

    enum CodingKeys: String, CodingKey { case status, identifier, taskIDs = "task_ids" }
}

/// `POST …/review`.
struct ReviewIssue: Codable, Sendable {
    enum Action: String, Codable, Sendable, CaseIterable { case approve, requestChanges = "request_changes" }

    var action: Action
    var comment: String?
    var reassignTo: String?

    enum CodingKeys: String, CodingKey { case action, comment, reassignTo = "reassign_to" }
}

/// `POST …/run-routine`.
struct RunRoutine: Codable, Sendable {
    /// In the place of those that the issue has.
    var inputs: [String: JSONValue]?
}

/// `POST …/comments`.
struct CreateCrewComment: Codable, Sendable {
    var body: String
}

/// `POST …/relations`.
struct CreateRelation: Codable, Sendable {
    var targetIdentifier: String
    var relationType: String

    enum CodingKeys: String, CodingKey { case targetIdentifier = "target_identifier", relationType = "relation_type" }
}

/// `POST …/code-links`.
struct CreateCodeLink: Codable, Sendable {
    var url: String
    var title: String?
}

/// What a deletion answers that is no 204.
struct Deleted: Codable, Sendable {
    let deleted: Bool
}
