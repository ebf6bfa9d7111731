/// Something that happened in a project: a row of `GET /api/projects/{id}/logs`.
public struct ProjectActivity: Codable, Sendable, Hashable {
    public var id: String
    public var projectID: String
    /// Counts what happened in the project from 1.
    public var sequence: Int
    /// `project.updated`, `goal.approved`, `task.completed` …
    public var action: String
    public var subjectID: String
    /// For people: `approved the plan of "Release 1.2"`.
    public var message: String
    public var actor: Actor
    public var at: Timestamp

    public init(
        id: String, projectID: String, sequence: Int, action: String, subjectID: String, message: String, actor: Actor,
        at: Timestamp
    ) {
        self.id = id
        self.projectID = projectID
        self.sequence = sequence
        self.action = action
        self.subjectID = subjectID
        self.message = message
        self.actor = actor
        self.at = at
    }

    enum CodingKeys: String, CodingKey {
        case id, projectID = "project_id", sequence, action, subjectID = "subject_id", message, actor, at
    }
}
