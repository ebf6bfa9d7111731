import Models

/// Whoever works on an issue.
struct TrackerAssignee: Codable, Sendable {
    let type: String
    let id: String
    let name: OrNull<String>
}

/// An issue as the tracker surface shows it (seed 001).
struct TrackerIssue: Codable, Sendable {
    var id: String
    var identifier: String
    var projectId: OrNull<String>
    var title: String
    var description: String
    var status: String
    var priority: String
    var assignee: OrNull<TrackerAssignee>
    var assignedAgentId: OrNull<String>
    var assigneeUserId: OrNull<String>
    var goalId: OrNull<String>
    var parentIssueId: OrNull<String>
    var labels: [String]
    var dueDate: OrNull<String>
    var estimate: OrNull<Int>
    var paused: Bool
    var links: [TrackerLink]
    var commentCount: Int
    var createdBy: OrNull<Actor>
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var completedAt: OrNull<Timestamp>

    init(_ issue: Issue, _ facts: IssueFacts) throws {
        id = issue.id
        identifier = issue.identifier
        projectId = OrNull(issue.projectID)
        title = issue.title
        description = issue.description
        status = TrackerWords.word(issue.status)
        priority = TrackerWords.word(issue.priority)
        let name = try facts.name(issue.assigneeType, issue.assigneeID)
        assignee = OrNull(
            issue.assigneeID.map {
                TrackerAssignee(type: TrackerWords.word(issue.assigneeType ?? .user), id: $0, name: OrNull(name))
            })
        assignedAgentId = OrNull(issue.assigneeType == .agent ? issue.assigneeID : nil)
        assigneeUserId = OrNull(issue.assigneeType == .user ? issue.assigneeID : nil)
        goalId = OrNull(issue.goalID)
        parentIssueId = OrNull(issue.parentID)
        labels = try facts.labels(of: issue).map(\.name)
        dueDate = OrNull(issue.dueDate)
        estimate = OrNull(issue.estimate)
        paused = issue.isPaused
        links = try facts.links(of: issue).map { try TrackerLink($0, from: issue.id, facts) }
        commentCount = issue.commentsCount
        createdBy = OrNull(try facts.actor(issue.createdBy))
        createdAt = issue.createdAt
        updatedAt = issue.updatedAt
        completedAt = OrNull(issue.completedAt)
    }
}

/// A link as one of its two issues sees it.
struct TrackerLink: Codable, Sendable {
    let id: String
    let sourceIssueId: String
    let targetIssueId: String
    let linkType: String
    /// `Outgoing` when it was made from this side, `Incoming` when it is seen from the other.
    let direction: String
    let targetIdentifier: OrNull<String>
    let targetTitle: OrNull<String>
    let targetStatus: OrNull<String>
    let createdAt: Timestamp

    init(_ link: IssueLink, from issue: String, _ facts: IssueFacts) throws {
        let other = link.other(than: issue)
        let head = try facts.head(of: other)
        id = link.id
        sourceIssueId = issue
        targetIssueId = other
        linkType = TrackerWords.word(link.type(from: issue))
        direction = link.sourceID == issue ? "Outgoing" : "Incoming"
        targetIdentifier = OrNull(head?.identifier)
        targetTitle = OrNull(head?.title)
        targetStatus = OrNull(head.map { TrackerWords.word($0.status) })
        createdAt = link.createdAt
    }
}

/// A comment as the tracker surface shows it.
struct TrackerComment: Codable, Sendable {
    let id: String
    let issueId: String
    let content: String
    let authorType: String
    let authorId: String
    let authorName: OrNull<String>
    let authoredVia: String
    let createdAt: Timestamp

    init(_ comment: IssueComment, _ facts: IssueFacts) throws {
        id = comment.id
        issueId = comment.issueID
        content = comment.content
        authorType = TrackerWords.word(comment.author.type)
        authorId = comment.author.id
        authorName = OrNull(try facts.actor(comment.author)?.name)
        authoredVia = comment.authoredVia
        createdAt = comment.createdAt
    }
}

/// A line of an issue's timeline.
struct TrackerActivity: Codable, Sendable {
    let id: String
    let issueId: String
    let action: String
    let actorType: String
    let actorId: String
    let actorName: OrNull<String>
    let details: String
    let field: OrNull<String>
    let from: OrNull<String>
    let to: OrNull<String>
    let commentId: OrNull<String>
    let createdAt: Timestamp

    init(_ activity: IssueActivity, _ facts: IssueFacts) throws {
        id = activity.id
        issueId = activity.issueID
        action = activity.action
        actorType = TrackerWords.word(activity.actor.type)
        actorId = activity.actor.id
        actorName = OrNull(try facts.actor(activity.actor)?.name)
        details = activity.details
        field = OrNull(activity.field)
        let isStatus = activity.field == "status"
        func shown(_ text: String?) -> String? {
            isStatus ? text.flatMap(IssueStatus.init(rawValue:)).map { TrackerWords.word($0) } ?? text : text
        }
        from = OrNull(shown(activity.from))
        to = OrNull(shown(activity.to))
        commentId = OrNull(activity.action == "commented" ? activity.subjectID : nil)
        createdAt = activity.createdAt
    }
}

/// `POST /api/projects/{projectId}/issues` (seed 001).
struct CreateTrackerIssue: Codable, Sendable {
    var title: String
    var description: String?
    var priority: String?
    var assignedAgentId: String?
    var assigneeUserId: String?
    var goalId: String?
    var parentIssueId: String?
    /// Names; one that no label has becomes a label.
    var labels: [String]?
    var dueDate: String?
    var estimate: Int?
    /// An issue that must end first.
    var blockedByIssueId: String?
}

/// `PUT /api/projects/issues/{issueId}`: what is named changes, `null` clears.
struct UpdateTrackerIssue: Codable, Sendable {
    var title: Field<String>
    var description: Field<String>
    var status: Field<String>
    var priority: Field<String>
    var projectId: Field<String>
    var assignedAgentId: Field<String>
    var assigneeUserId: Field<String>
    var goalId: Field<String>
    var parentIssueId: Field<String>
    var labels: Field<[String]>
    var dueDate: Field<String>
    var estimate: Field<Int>
}

/// `POST /api/projects/issues/{issueId}/comments`.
struct CreateTrackerComment: Codable, Sendable {
    var content: String
    /// Who says it follows from the credential; this is only checked to be one of the words.
    var authorType: String?
}

/// `POST /api/projects/issues/{issueId}/links`.
struct CreateTrackerLink: Codable, Sendable {
    var targetIssueId: String
    var linkType: String
}
