/// Who did something.
public enum ActorType: String, Codable, Sendable, Hashable, CaseIterable {
    case user, agent, service
}

/// Who made or changed a thing: a user, an agent, or the suite itself (seed 003: `{type, id, name}`).
public struct Actor: Codable, Sendable, Hashable {
    public var type: ActorType
    public var id: String
    public var name: String?

    public init(
        type: ActorType, id: String, name: String? = nil
    ) {
        self.type = type
        self.id = id
        self.name = name
    }

    /// The suite itself, where no person and no agent acted.
    public static let suite = Actor(type: .service, id: "nexus", name: "Nexus")
}
