import Models

/// A label as an issue shows it.
struct LabelView: Codable, Sendable {
    let id: String
    let name: String
    let color: String
    let labelGroup: OrNull<String>

    init(_ label: IssueLabel) {
        id = label.id
        name = label.name
        color = label.color
        labelGroup = OrNull(label.labelGroup)
    }

    enum CodingKeys: String, CodingKey { case id, name, color, labelGroup = "label_group" }
}

/// An issue as the crews surface shows it (seed 003).
struct CrewIssue: Codable, Sendable {
    var id: String
    var workspaceID: String
    var crewID: String
    var crewName: OrNull<String>
    var number: Int
    var identifier: String
    var title: String
    var description: OrNull<String>
    var status: String
    /// Something that has not ended blocks it.
    var blocked: Bool
    var paused: Bool
    var priority: Priority
    var assigneeType: OrNull<ActorType>
    var assigneeID: OrNull<String>
    var assigneeName: OrNull<String>
    /// Left out for issues that are older than it.
    var createdBy: Actor?
    var authoredVia: String?
    var dueDate: OrNull<String>
    var sortOrder: Double
    var missionType: String
    var leadAgentID: OrNull<String>
    var labels: [LabelView]
    var projectID: OrNull<String>
    var goalID: OrNull<String>
    var estimate: OrNull<Int>
    var parentIssueID: OrNull<String>
    var milestoneID: OrNull<String>
    var subIssuesCount: Int
    var commentCount: Int
    /// Left out when none is bound.
    var routineID: String?
    var routineInputs: JSONValue?
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var completedAt: OrNull<Timestamp>

    init(_ issue: Issue, _ facts: IssueFacts) throws {
        let crew = try facts.crew(of: issue)
        id = issue.id
        workspaceID = issue.workspaceID
        crewID = issue.crewID
        crewName = OrNull(crew?.name)
        number = issue.number
        identifier = issue.identifier
        title = issue.title
        description = OrNull(issue.description.isEmpty ? nil : issue.description)
        status = CrewTransitions.word(issue.status)
        blocked = issue.status == .waiting
        paused = issue.isPaused
        priority = issue.priority
        assigneeType = OrNull(issue.assigneeType)
        assigneeID = OrNull(issue.assigneeID)
        assigneeName = OrNull(try facts.name(issue.assigneeType, issue.assigneeID))
        createdBy = try facts.actor(issue.createdBy)
        authoredVia = issue.authoredVia
        dueDate = OrNull(issue.dueDate)
        sortOrder = issue.sortOrder
        missionType = CrewIssue.missionType
        leadAgentID = OrNull(crew?.leadAgentID)
        labels = try facts.labels(of: issue).map(LabelView.init)
        projectID = OrNull(issue.projectID)
        goalID = OrNull(issue.goalID)
        estimate = OrNull(issue.estimate)
        parentIssueID = OrNull(issue.parentID)
        milestoneID = OrNull(issue.milestoneID)
        subIssuesCount = try facts.subIssues(of: issue)
        commentCount = issue.commentsCount
        routineID = issue.routineID
        routineInputs = issue.routineID == nil ? nil : issue.routineInputs ?? .object([:])
        createdAt = issue.createdAt
        updatedAt = issue.updatedAt
        completedAt = OrNull(issue.completedAt)
    }

    static let missionType = "issue"

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", crewID = "crew_id", crewName = "crew_name", number, identifier, title, description
        case status, blocked, paused, priority, assigneeType = "assignee_type", assigneeID = "assignee_id"
        case assigneeName = "assignee_name", createdBy = "created_by", authoredVia = "authored_via", dueDate = "due_date"
        case sortOrder = "sort_order", missionType = "mission_type", leadAgentID = "lead_agent_id", labels
        case projectID = "project_id", goalID = "goal_id", estimate, parentIssueID = "parent_issue_id"
        case milestoneID = "milestone_id", subIssuesCount = "sub_issues_count", commentCount = "comment_count"
        case routineID = "routine_id", routineInputs = "routine_inputs", createdAt = "created_at", updatedAt = "updated_at"
        case completedAt = "completed_at"
    }
}

/// A comment as the crews surface shows it.
struct CrewComment: Codable, Sendable {
    let id: String
    let issueID: String
    let body: String
    let author: Actor
    let authorType: ActorType
    let authorID: String
    let authorName: OrNull<String>
    let authoredVia: String
    let createdAt: Timestamp

    init(_ comment: IssueComment, _ facts: IssueFacts) throws {
        let author = try facts.actor(comment.author) ?? comment.author
        id = comment.id
        issueID = comment.issueID
        body = comment.content
        self.author = author
        authorType = author.type
        authorID = author.id
        authorName = OrNull(author.name)
        authoredVia = comment.authoredVia
        createdAt = comment.createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, issueID = "issue_id", body, author, authorType = "author_type", authorID = "author_id"
        case authorName = "author_name", authoredVia = "authored_via", createdAt = "created_at"
    }
}

/// A relation as one of its two issues sees it.
struct CrewRelation: Codable, Sendable {
    let id: String
    let relationType: String
    let issueID: String
    let targetIssueID: String
    let targetIdentifier: OrNull<String>
    let targetTitle: OrNull<String>
    let targetStatus: OrNull<String>
    let createdAt: Timestamp

    init(_ link: IssueLink, from issue: String, _ facts: IssueFacts) throws {
        let other = link.other(than: issue)
        let head = try facts.head(of: other)
        id = link.id
        relationType = CrewRelation.word(link.type(from: issue))
        issueID = issue
        targetIssueID = other
        targetIdentifier = OrNull(head?.identifier)
        targetTitle = OrNull(head?.title)
        targetStatus = OrNull(head.map { CrewTransitions.word($0.status) })
        createdAt = link.createdAt
    }

    static func word(_ type: LinkType) -> String {
        switch type {
        case .blocks: "blocks"
        case .blockedBy: "blocked_by"
        case .relatesTo: "relates_to"
        case .duplicateOf: "duplicate_of"
        case .duplicatedBy: "duplicated_by"
        }
    }

    static func type(_ word: String) throws(ServiceError) -> LinkType {
        if let type = LinkType.allCases.first(where: { self.word($0) == word }) { return type }
        throw .invalid("relation_type", "must be one of blocks, blocked_by, relates_to, duplicate_of")
    }

    enum CodingKeys: String, CodingKey {
        case id, relationType = "relation_type", issueID = "issue_id", targetIssueID = "target_issue_id"
        case targetIdentifier = "target_identifier", targetTitle = "target_title", targetStatus = "target_status"
        case createdAt = "created_at"
    }
}

/// A line of an issue's history as the crews surface shows it.
struct CrewActivity: Codable, Sendable {
    let id: String
    let issueID: String
    let action: String
    let actor: Actor
    let details: String
    let authoredVia: String
    let createdAt: Timestamp

    init(_ activity: IssueActivity, _ facts: IssueFacts) throws {
        id = activity.id
        issueID = activity.issueID
        action = activity.action
        actor = try facts.actor(activity.actor) ?? activity.actor
        details = CrewActivity.details(activity)
        authoredVia = activity.authoredVia
        createdAt = activity.createdAt
    }

    /// Statuses in the words of the surface.
    private static func details(_ activity: IssueActivity) -> String {
        guard activity.field == "status", let from = activity.from.flatMap(IssueStatus.init(rawValue:)),
            let to = activity.to.flatMap(IssueStatus.init(rawValue:))
        else { return activity.details }
        let change = HistoryWords.details(
            IssueChange(action: activity.action, field: nil, from: activity.from, to: activity.to))
        return "\(CrewTransitions.word(from)) → \(CrewTransitions.word(to))" + activity.details.dropFirst(change.count)
    }

    enum CodingKeys: String, CodingKey {
        case id, issueID = "issue_id", action, actor, details, authoredVia = "authored_via", createdAt = "created_at"
    }
}
