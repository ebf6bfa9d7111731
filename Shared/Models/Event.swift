import JSONCoding

/// Something that happened, as other services, feeds and subscribers hear of it.
public struct Event: Codable, Sendable, Hashable {
    /// Its place in its service's outbox; contiguous readers resume after it.
    public var sequence: Int64
    public var id: String
    /// `task.updated`, `run.finished` …
    public var type: String
    public var service: String
    public var workspaceID: String
    public var projectID: String?
    /// The id of what it happened to.
    public var subjectID: String
    public var time: Timestamp
    public var actor: Actor?
    /// The entity after the change, as the API answers it; read by whoever needs it.
    public var data: RawJSON

    public init(
        sequence: Int64 = 0, id: String, type: String, service: String = "", workspaceID: String, projectID: String? = nil,
        subjectID: String, time: Timestamp, actor: Actor? = nil, data: RawJSON = .null
    ) {
        self.sequence = sequence
        self.id = id
        self.type = type
        self.service = service
        self.workspaceID = workspaceID
        self.projectID = projectID
        self.subjectID = subjectID
        self.time = time
        self.actor = actor
        self.data = data
    }

    enum CodingKeys: String, CodingKey {
        case sequence, id, type, service, workspaceID = "workspace_id", projectID = "project_id", subjectID = "subject_id"
        case time, actor, data
    }
}
