public import Models

/// One thing that a limited API key may do: `<service>:read` or `<service>:write` (`runs:write`). Write implies read.
public struct Scope: Sendable, Hashable {
    public enum Level: String, Sendable, Hashable, CaseIterable {
        case read, write
    }

    public let service: ServiceName
    public let level: Level

    public init(_ service: ServiceName, _ level: Level) {
        self.service = service
        self.level = level
    }

    /// Whether this scope grants `other`.
    public func covers(_ other: Scope) -> Bool {
        service == other.service && (level == other.level || level == .write)
    }

    /// Every scope there is, in the order of the services.
    public static let all: [Scope] = ServiceName.allCases.flatMap { service in Level.allCases.map { Scope(service, $0) } }
}

extension Scope: RawRepresentable, Codable, CustomStringConvertible {
    /// `runs:write`.
    public var rawValue: String { "\(service.rawValue):\(level.rawValue)" }

    /// Reads `runs:write`; nil when it is no scope.
    public init?(rawValue: String) {
        let parts = rawValue.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let service = ServiceName(rawValue: String(parts[0])),
            let level = Level(rawValue: String(parts[1]))
        else { return nil }
        self.init(service, level)
    }

    public var description: String { rawValue }

    /// Reads a list as a request gives it.
    /// - Throws: `ServiceError` 400 that names the word which is no scope.
    public static func list(_ texts: [String], field: String = "scopes") throws(ServiceError) -> Set<Scope> {
        var scopes: Set<Scope> = []
        for text in texts {
            guard let scope = Scope(rawValue: text) else {
                throw .invalid(field, "\"\(text.prefix(64))\" is no scope; scopes are <service>:read or <service>:write")
            }
            scopes.insert(scope)
        }
        return scopes
    }
}

extension Set<Scope> {
    /// Whether any of these scopes grants `scope`.
    public func grants(_ scope: Scope) -> Bool {
        contains(scope) || (scope.level == .read && contains(Scope(scope.service, .write)))
    }
}
