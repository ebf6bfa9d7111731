import HTTP
import Models

/// What a provider's request says: which delivery it is, of which event, with what in it. Pure.
struct InboundMessage: Sendable {
    /// The provider's own id of the delivery, the same when it sends it again; nil when it names none.
    let messageID: String?
    /// `push`, `issues.opened`, `work_item.updated` …
    let event: String
    /// JSON.
    let payload: [UInt8]

    static let idBytesMax = 200

    /// - Throws: 400 for a body that is not a JSON object, nor a form with one as its `payload`.
    init(_ provider: WebhookProvider, _ headers: Headers, body: [UInt8]) throws {
        payload = try InboundMessage.payload(headers, body)
        let value = try JSON.decode(JSONValue.self, from: payload)
        guard case .object = value else { throw ServiceError.invalid("body", "must be a JSON object") }
        let id: String?
        let name: String?
        switch provider {
        case .github:
            id = headers["x-github-delivery"]
            name = InboundMessage.joined(headers["x-github-event"], value["action"]?.string)
        case .gitlab:
            id = headers["idempotency-key"] ?? headers["x-gitlab-event-uuid"]
            name = InboundMessage.joined(
                value["object_kind"]?.string ?? headers["x-gitlab-event"], value["object_attributes"]?["action"]?.string)
        case .plane:
            id = headers["x-plane-delivery"]
            name = InboundMessage.joined(headers["x-plane-event"] ?? value["event"]?.string, value["action"]?.string)
        case .jira:
            id = headers["x-atlassian-webhook-identifier"]
            name = value["webhookEvent"]?.string
        case .ci:
            id = headers["webhook-id"]
            name = value["type"]?.string ?? value["event"]?.string
        }
        messageID = id.map { String($0.prefix(InboundMessage.idBytesMax)) }
        event = InboundMessage.word(name ?? "unknown")
    }

    /// The body, or what a form (GitHub's other way) has in it.
    private static func payload(_ headers: Headers, _ body: [UInt8]) throws -> [UInt8] {
        guard headers["content-type"].flatMap(MediaType.init)?.essence == "application/x-www-form-urlencoded",
            let payload = try Query(body[...])["payload"]
        else { return body }
        return Array(payload.utf8)
    }

    private static func joined(_ event: String?, _ action: String?) -> String? {
        guard let event, let action, !action.isEmpty else { return event }
        return "\(event).\(action)"
    }

    /// A name in the suite's own spelling: lower case, `_` for what is no letter, digit or dot.
    private static func word(_ name: String) -> String {
        String(name.lowercased().prefix(100).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "_" })
    }
}

/// Names of events, and what matches them: `task.updated`, `task.*`, `*`.
enum EventPattern {
    static func matches(_ pattern: String, _ event: String) -> Bool {
        if pattern == "*" || pattern == event { return true }
        return pattern.hasSuffix(".*") && event.hasPrefix(pattern.dropLast(1))
    }
}
