/// A tracker that can be connected to.
public enum TrackerProvider: String, Codable, Sendable, Hashable, CaseIterable { case github, gitlab, plane, jira }

/// A connection to a tracker. The credential is written and never read: it is kept apart, encrypted.
public struct Integration: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var provider: TrackerProvider
    public var name: String
    public var baseURL: String?
    public var projectID: String?
    /// `owner/repo`, group/project, workspace/project, or a key.
    public var remote: String
    public var twoWay: Bool
    public var mapping: JSONValue?
    /// Whether a credential is kept.
    public var hasCredential: Bool
    public var createdBy: Actor?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, provider: TrackerProvider, name: String, baseURL: String?, projectID: String?,
        remote: String,
        twoWay: Bool, mapping: JSONValue?, hasCredential: Bool, createdBy: Actor, createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.provider = provider
        self.name = name
        self.baseURL = baseURL
        self.projectID = projectID
        self.remote = remote
        self.twoWay = twoWay
        self.mapping = mapping
        self.hasCredential = hasCredential
        self.createdBy = createdBy
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", provider, name, baseURL = "base_url", projectID = "project_id", remote
        case twoWay = "two_way", mapping, hasCredential = "has_credential", createdBy = "created_by", createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

/// `POST /board-api/integrations`.
public struct CreateIntegration: Codable, Sendable {
    public var provider: TrackerProvider
    public var name: String
    public var baseURL: String?
    public var credential: String?
    public var projectID: String?
    public var remote: String
    public var twoWay: Bool?
    public var mapping: JSONValue?

    enum CodingKeys: String, CodingKey {
        case provider, name, baseURL = "base_url", credential, projectID = "project_id", remote, twoWay = "two_way", mapping
    }
}

/// `PATCH /board-api/integrations/{id}`.
public struct UpdateIntegration: Codable, Sendable {
    public var name: Field<String>
    public var baseURL: Field<String>
    public var credential: Field<String>
    public var projectID: Field<String>
    public var remote: Field<String>
    public var twoWay: Field<Bool>
    public var mapping: Field<JSONValue>

    enum CodingKeys: String, CodingKey {
        case name, baseURL = "base_url", credential, projectID = "project_id", remote, twoWay = "two_way", mapping
    }
}
