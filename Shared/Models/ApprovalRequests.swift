/// The body of `POST /approvals-api`.
public struct CreateApproval: Codable, Sendable {
    public var type: ApprovalType
    public var title: String
    public var detail: String?
    /// `goal`, `task`, `run`, `memory`, `project` …
    public var subjectType: String?
    public var subjectID: String?
    /// An id or a slug.
    public var projectID: String?
    /// Heeded from the suite's own services only; otherwise it is the caller.
    public var requestedBy: Actor?
    /// When nobody has decided until then, `on_expiry` does.
    public var expiresAt: Timestamp?
    /// `reject` unless said.
    public var onExpiry: ExpiryRule?

    public init(
        type: ApprovalType, title: String, detail: String? = nil, subjectType: String? = nil, subjectID: String? = nil,
        projectID: String? = nil, requestedBy: Actor? = nil, expiresAt: Timestamp? = nil, onExpiry: ExpiryRule? = nil
    ) {
        self.type = type
        self.title = title
        self.detail = detail
        self.subjectType = subjectType
        self.subjectID = subjectID
        self.projectID = projectID
        self.requestedBy = requestedBy
        self.expiresAt = expiresAt
        self.onExpiry = onExpiry
    }

    enum CodingKeys: String, CodingKey {
        case type, title, detail, subjectType = "subject_type", subjectID = "subject_id", projectID = "project_id"
        case requestedBy = "requested_by", expiresAt = "expires_at", onExpiry = "on_expiry"
    }
}

/// The body of `POST /approvals-api/{id}/approve`.
public struct Approve: Codable, Sendable {
    public var comment: String?

    public init(comment: String? = nil) { self.comment = comment }
}

/// The body of `POST /approvals-api/{id}/reject`.
public struct Reject: Codable, Sendable {
    public var reason: String

    public init(reason: String) { self.reason = reason }
}

/// The body of `POST /approvals-api/{id}/comments`.
public struct CreateApprovalComment: Codable, Sendable {
    public var content: String

    public init(content: String) { self.content = content }
}

/// What somebody said about an approval.
public struct ApprovalComment: Codable, Sendable, Hashable {
    public var id: String
    public var approvalID: String
    public var author: Actor
    public var content: String
    public var createdAt: Timestamp

    public init(id: String, approvalID: String, author: Actor, content: String, createdAt: Timestamp) {
        self.id = id
        self.approvalID = approvalID
        self.author = author
        self.content = content
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, approvalID = "approval_id", author, content, createdAt = "created_at"
    }
}
