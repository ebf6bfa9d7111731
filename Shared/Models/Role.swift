/// What a user or a key may do in a workspace, low to high (`API.md`, *Who may call*).
public enum Role: String, Sendable, Codable, Hashable, CaseIterable, Comparable {
    case viewer, editor, manager, admin, owner

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .editor: 1
        case .manager: 2
        case .admin: 3
        case .owner: 4
        }
    }

    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// The nine services, by the word of their scope and of their executable (`agents` → `/agents-api`, `agents-api`).
public enum ServiceName: String, Sendable, Codable, Hashable, CaseIterable {
    case agents, skills, memory, goals, tasks, runs, board, approvals, webhooks

    /// The path prefix of the service's scope.
    public var prefix: String { "/\(rawValue)-api" }
}
