import HTTP
import Models
import Storage

/// 200 with a stored object as another surface presents it, and the object's own `ETag`; 304 when the client has it already.
public struct Shown<View: Codable & Sendable>: Answer {
    let view: View
    let tag: EntityTag

    public init(_ view: View, of stored: Stored<some StoredModel>) {
        self.view = view
        tag = stored.entityTag
    }

    public static var description: AnswerDescription { AnswerDescription(200, .json(View.self)) }

    public func response(to call: Call) throws -> Response {
        guard !call.hasCurrent(tag) else {
            var response = Response(.notModified)
            response.headers.add("etag", tag.description.utf8)
            return response
        }
        var response = Response.json(try JSON.encode(view))
        response.headers.add("etag", tag.description.utf8)
        return response
    }
}

/// 201 with a new object as another surface presents it, its `ETag` and its `Location`.
public struct CreatedShown<View: Codable & Sendable>: Answer {
    let view: View
    let tag: EntityTag
    let location: String
    let isSecret: Bool

    /// - Parameters:
    ///   - collection: the path that the object's id is appended to.
    ///   - isSecret: it carries what nobody may keep: no cache stores it.
    public init(_ view: View, of stored: Stored<some StoredModel>, in collection: String, isSecret: Bool = false) {
        self.view = view
        tag = stored.entityTag
        location = "\(collection)/\(stored.id)"
        self.isSecret = isSecret
    }

    public static var description: AnswerDescription { AnswerDescription(201, .json(View.self)) }

    public func response(to call: Call) throws -> Response {
        var response = Response.json(try JSON.encode(view), status: .created)
        response.headers.add("location", location.utf8)
        response.headers.add("etag", tag.description.utf8)
        if isSecret { response.headers.add("cache-control", "no-store".utf8) }
        return response
    }
}
