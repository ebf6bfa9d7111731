import Identity
import Models

/// Which events of a workspace a caller may hear of: those of objects that the caller could read.
struct FeedRights: Sendable {
    /// A bit for each service.
    private let services: UInt16
    private let isAdministrator: Bool

    /// Of what administrators alone may read, beside all of the webhooks service.
    private static let administrators = ["integration."]

    /// - Throws: 403 for an agent, for who is no viewer in the workspace, and for a key whose scopes read nothing.
    init(of principal: Principal, in workspace: String) throws(ServiceError) {
        guard principal.kind != .agent else { throw .forbidden("an agent's token may not call this") }
        guard let role = principal.role(in: workspace) else { throw .forbidden("no role in this workspace") }
        isAdministrator = role >= .admin
        var services: UInt16 = 0
        for name in ServiceName.allCases {
            let access: Access = name == .webhooks ? .admin : .viewer
            do {
                try access.check(principal, workspace: workspace, isWrite: false, service: name)
                services |= 1 << UInt16(name.feedIndex)
            } catch {
                // What it may not read it does not hear of.
            }
        }
        guard services != 0 else { throw .forbidden("this credential may read nothing here") }
        self.services = services
    }

    func allow(_ event: FeedEvent) -> Bool {
        guard services & 1 << UInt16(event.service) != 0 else { return false }
        return isAdministrator || !FeedRights.administrators.contains { event.type.hasPrefix($0) }
    }
}

/// What a subscriber to `/events` wants.
struct FeedFilter: Sendable {
    /// `issue.created`, `issue.*`, `*`.
    struct Pattern: Sendable, Equatable {
        private let word: String
        private let isPrefix: Bool

        /// - Returns: nil for what matches no type.
        init?(_ text: String) {
            guard (1...FeedFilter.patternBytesMax).contains(text.utf8.count) else { return nil }
            isPrefix = text.hasSuffix("*")
            word = isPrefix ? String(text.dropLast()) : text
            guard word.isEmpty ? isPrefix : !isPrefix || word.hasSuffix("."), word.utf8.allSatisfy(Pattern.isPlain) else {
                return nil
            }
        }

        func matches(_ type: String) -> Bool { isPrefix ? type.hasPrefix(word) : type == word }

        private static func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case 48...57, 97...122, UInt8(ascii: "."), UInt8(ascii: "_"): true
            default: false
            }
        }
    }

    /// Longer than any type is.
    static let patternBytesMax = 64
    /// Each event is compared with all of them.
    static let patternsMax = 32

    /// None for all types.
    var patterns: [Pattern] = []
    /// The id of the only project that counts.
    var project: String?
    var rights: FeedRights

    func takes(_ event: FeedEvent) -> Bool {
        if let project, event.project != project, event.subject != project { return false }
        if !patterns.isEmpty, !patterns.contains(where: { $0.matches(event.type) }) { return false }
        return rights.allow(event)
    }

    /// Reads `?types=`.
    /// - Throws: 400.
    static func patterns(_ words: [String]) throws(ServiceError) -> [Pattern] {
        guard words.count <= patternsMax else { throw .invalid("types", "at most \(patternsMax)") }
        var patterns: [Pattern] = []
        for word in words {
            guard let pattern = Pattern(word) else { throw .invalid("types", "'\(word)' is neither a type nor one with a *") }
            patterns.append(pattern)
        }
        return patterns
    }
}
