import HTTP
import Models
import Storage

/// What a handler gives: it knows its status, its headers, and what OpenAPI says of it.
public protocol Answer: Sendable {
    static var description: AnswerDescription { get }
    func response(to call: Call) throws -> Response
}

/// What OpenAPI says of an answer.
public struct AnswerDescription: Sendable {
    public enum Content: Sendable {
        case none
        /// A JSON value of a type.
        case json(any (Decodable & Sendable).Type)
        /// `{"<plural>":[…],"next_cursor":…}`; the plural is the route's last literal segment unless said.
        case page(any (Decodable & Sendable).Type)
        /// Anything else, by media type.
        case media([String])
    }

    public let status: UInt16
    public let content: Content

    public init(_ status: UInt16, _ content: Content) {
        self.status = status
        self.content = content
    }
}

/// 200 with one stored object and its `ETag`; 304 when the client has it already.
public struct Found<Model: StoredModel>: Answer {
    public let stored: Stored<Model>

    public init(_ stored: Stored<Model>) { self.stored = stored }

    public static var description: AnswerDescription { AnswerDescription(200, .json(Model.self)) }

    public func response(to call: Call) -> Response {
        var response = Response.json(stored.bytes)
        response.headers.add("etag", stored.etag.utf8)
        if call.hasCurrent(stored.entityTag) {
            response.status = .notModified
            response.body = .empty
        }
        return response
    }
}

/// 201 with the new object, its `ETag` and its `Location`.
public struct Created<Model: StoredModel>: Answer {
    public let stored: Stored<Model>
    let location: String

    /// - Parameter location: the path of the collection, e.g. `/agents-api`; the object's id is appended.
    public init(_ stored: Stored<Model>, in collection: String) {
        self.init(stored, at: "\(collection)/\(stored.id)")
    }

    /// - Parameter location: the object's own path, where that does not end in its id.
    public init(_ stored: Stored<Model>, at location: String) {
        self.stored = stored
        self.location = location
    }

    public static var description: AnswerDescription { AnswerDescription(201, .json(Model.self)) }

    public func response(to call: Call) -> Response {
        var response = Response.json(stored.bytes, status: .created)
        response.headers.add("location", location.utf8)
        response.headers.add("etag", stored.etag.utf8)
        return response
    }
}

/// 200 with a page of stored objects.
public struct Listing<Model: StoredModel>: Answer {
    let page: Page<Model>
    let plural: String

    public init(_ page: Page<Model>, as plural: String) {
        self.page = page
        self.plural = plural
    }

    public static var description: AnswerDescription { AnswerDescription(200, .page(Model.self)) }

    public func response(to call: Call) -> Response { .json(page.bytes(plural: plural)) }
}

/// Any JSON value, 200 unless said.
public struct Reply<Value: Codable & Sendable>: Answer {
    public let value: Value
    let status: Status
    let location: String?

    public init(_ value: Value, _ status: Status = .ok, location: String? = nil) {
        self.value = value
        self.status = status
        self.location = location
    }

    public static var description: AnswerDescription { AnswerDescription(200, .json(Value.self)) }

    public func response(to call: Call) throws -> Response {
        var response = Response.json(try JSON.encode(value), status: status)
        if let location { response.headers.add("location", location.utf8) }
        return response
    }
}

/// 201 with any JSON value and its `Location`.
public struct CreatedReply<Value: Codable & Sendable>: Answer {
    public let value: Value
    let location: String
    let isSecret: Bool

    /// - Parameter isSecret: it carries what nobody may keep: no cache stores it.
    public init(_ value: Value, at location: String, isSecret: Bool = false) {
        self.value = value
        self.location = location
        self.isSecret = isSecret
    }

    public static var description: AnswerDescription { AnswerDescription(201, .json(Value.self)) }

    public func response(to call: Call) throws -> Response {
        var response = Response.json(try JSON.encode(value), status: .created)
        response.headers.add("location", location.utf8)
        if isSecret { response.headers.add("cache-control", "no-store".utf8) }
        return response
    }
}

/// 204.
public struct NoContent: Answer {
    public init() {}

    public static var description: AnswerDescription { AnswerDescription(204, .none) }

    public func response(to call: Call) -> Response { Response(.noContent) }
}

/// A media type's name, for answers that are no JSON.
public protocol MediaTypes: Sendable {
    static var names: [String] { get }
}

/// An answer that the handler has made itself: a file, a stream.
public struct Content<Types: MediaTypes>: Answer {
    public let made: Response

    public init(_ response: Response) { made = response }

    public static var description: AnswerDescription { AnswerDescription(200, .media(Types.names)) }

    public func response(to call: Call) -> Response { made }
}

/// Any bytes.
public enum AnyMedia: MediaTypes { public static var names: [String] { ["application/octet-stream"] } }
/// Plain text.
public enum TextMedia: MediaTypes { public static var names: [String] { ["text/plain"] } }
/// JSON that the handler has spliced itself.
public enum JSONMedia: MediaTypes { public static var names: [String] { ["application/json"] } }
/// Server-sent events, or a JSON line each.
public enum StreamMedia: MediaTypes { public static var names: [String] { ["text/event-stream", "application/x-ndjson"] } }
/// Markdown.
public enum MarkdownMedia: MediaTypes { public static var names: [String] { ["text/markdown"] } }
