/// What a policy does with the approvals that it is for.
public enum PolicyAction: String, Codable, Sendable, Hashable, CaseIterable {
    case autoApprove = "auto_approve"
    case autoReject = "auto_reject"
    case requireHuman = "require_human"
}

/// A rule of the workspace: approvals of a type, of one project or by one agent if it says so, are decided as they are made.
public struct ApprovalPolicy: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var type: ApprovalType
    public var projectID: String?
    public var agentID: String?
    public var action: PolicyAction
    public var createdBy: Actor?
    public var createdAt: Timestamp

    public init(
        id: String, workspaceID: String, type: ApprovalType, projectID: String? = nil, agentID: String? = nil,
        action: PolicyAction, createdBy: Actor? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.type = type
        self.projectID = projectID
        self.agentID = agentID
        self.action = action
        self.createdBy = createdBy
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", type, projectID = "project_id", agentID = "agent_id", action
        case createdBy = "created_by", createdAt = "created_at"
    }
}

/// The body of `POST /approvals-api/policies`.
public struct CreateApprovalPolicy: Codable, Sendable {
    public var type: ApprovalType
    public var projectID: String?
    public var agentID: String?
    public var action: PolicyAction

    public init(type: ApprovalType, projectID: String? = nil, agentID: String? = nil, action: PolicyAction) {
        self.type = type
        self.projectID = projectID
        self.agentID = agentID
        self.action = action
    }

    enum CodingKeys: String, CodingKey {
        case type, projectID = "project_id", agentID = "agent_id", action
    }
}
