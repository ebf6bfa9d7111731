import HTTP
import Models
import Service

/// 200 with a bare array, as the tracker's and the crews' lists are (seeds 001, 003). The next page, where there is one, is a
/// `Link` (RFC 8288).
struct BareList<View: Codable & Sendable>: Answer {
    let views: [View]
    var nextCursor: String?

    static var description: AnswerDescription { AnswerDescription(200, .json([View].self)) }

    func response(to call: Call) throws -> Response {
        var response = Response.json(try JSON.encode(views))
        if let nextCursor {
            let path = String(decoding: call.request.path, as: UTF8.self)
            response.headers.add("link", "<\(path)?cursor=\(nextCursor)>; rel=\"next\"".utf8)
        }
        return response
    }
}
