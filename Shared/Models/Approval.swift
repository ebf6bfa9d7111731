/// Where an approval stands.
public enum ApprovalStatus: String, Codable, Sendable, Hashable, CaseIterable {
    case pending, approved, rejected, expired, cancelled
}

/// What is asked for.
public enum ApprovalType: String, Codable, Sendable, Hashable, CaseIterable {
    case plan, phase, permission, memory, review, action, other
}

/// What becomes of an approval that nobody decided in time.
public enum ExpiryRule: String, Codable, Sendable, Hashable, CaseIterable {
    case reject, approve
}

/// Who decided an approval, when, and what they said.
public struct Decision: Codable, Sendable, Hashable {
    public var by: Actor
    public var at: Timestamp
    public var comment: String?
    public var reason: String?

    public init(
        by: Actor, at: Timestamp, comment: String? = nil, reason: String? = nil
    ) {
        self.by = by
        self.at = at
        self.comment = comment
        self.reason = reason
    }
}

/// A question to a human, in the queue until it is decided or expires.
public struct Approval: Codable, Sendable, Hashable {
    public var id: String
    public var workspaceID: String
    public var type: ApprovalType
    public var title: String
    public var detail: String
    /// `goal`, `task`, `run`, `memory`, `project` …
    public var subjectType: String?
    public var subjectID: String?
    public var projectID: String?
    public var requestedBy: Actor?
    public var expiresAt: Timestamp?
    public var onExpiry: ExpiryRule
    public var status: ApprovalStatus
    public var decision: Decision?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, workspaceID: String, type: ApprovalType, title: String, detail: String = "", subjectType: String? = nil,
        subjectID: String? = nil, projectID: String? = nil, requestedBy: Actor? = nil, expiresAt: Timestamp? = nil,
        onExpiry: ExpiryRule = .reject, status: ApprovalStatus = .pending, decision: Decision? = nil, createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.type = type
        self.title = title
        self.detail = detail
        self.subjectType = subjectType
        self.subjectID = subjectID
        self.projectID = projectID
        self.requestedBy = requestedBy
        self.expiresAt = expiresAt
        self.onExpiry = onExpiry
        self.status = status
        self.decision = decision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, workspaceID = "workspace_id", type, title, detail, subjectType = "subject_type", subjectID = "subject_id"
        case projectID = "project_id", requestedBy = "requested_by", expiresAt = "expires_at", onExpiry = "on_expiry"
        case status, decision, createdAt = "created_at", updatedAt = "updated_at"
    }
}
