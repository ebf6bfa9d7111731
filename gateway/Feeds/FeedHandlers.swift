import HTTP
import Identity
import Models
import Service

/// 101: the connection is a WebSocket now.
struct Upgraded: Answer {
    let made: Response

    static var description: AnswerDescription { AnswerDescription(101, .none) }

    func response(to call: Call) -> Response { made }
}

/// What becomes of requests for a feed.
struct FeedHandlers: Sendable {
    let feeds: Feeds
    let token: SocketToken
    let origins: OriginPolicy
    let limits: SocketLimits

    /// `GET /events`: the workspace's events as server-sent ones, from now on, or after the one that the client has had last.
    func events(_ call: Call) async throws -> Content<EventStreamMedia> {
        let rights = try FeedRights(of: call.principal, in: call.workspace)
        var filter = FeedFilter(patterns: try FeedFilter.patterns(call.query.list("types")), rights: rights)
        if let reference = call.query["project_id"], !reference.isEmpty {
            guard reference.utf8.allSatisfy(PercentCoding.isUnreserved),
                let id = try await feeds.id(of: reference, at: "/api/projects/", .goals, in: call.workspace)
            else { throw ServiceError.invalid("project_id", "no such project") }
            filter.project = id
        }
        let start = try FeedHandlers.start(call)
        let caller = try caller(of: call)
        let (feeds, workspace, wanted) = (feeds, call.workspace, filter)
        return Content(
            ServerSentEvents.response { writer in
                try await EventStreaming(feeds, workspace, caller, wanted, from: start).send(to: writer)
            })
    }

    /// `GET /ws`: a WebSocket, for whoever brings a credential, or says who it is in its first message.
    func socket(_ call: Call) throws -> Upgraded {
        let credential = Credential(of: call.request)
        guard origins.admits(call.request, usesCookie: credential?.kind == .session) else {
            throw ServiceError.forbidden("Origin: this page may not open a WebSocket")
        }
        let asked = call.query["workspace_id"]
        var caller: FeedCaller?
        if credential != nil {
            _ = try FeedRights(of: call.principal, in: call.workspace)
            caller = try self.caller(of: call)
        }
        let (feeds, token, limits) = (feeds, token, limits)
        do {
            return Upgraded(
                made: try WebSocketHandshake.accept(call.request, limits: limits.socket) { [caller] socket in
                    await SocketSession(feeds, token, limits, socket, asked: asked, caller).run()
                })
        } catch {
            return Upgraded(made: FeedHandlers.refusal(error, call))
        }
    }

    /// `GET /api/v1/ws-token`: the caller's credential in a form that only the first message of a WebSocket takes.
    func socketToken(_ call: Call) throws -> Reply<SocketTokenAnswer> {
        _ = try FeedRights(of: call.principal, in: call.workspace)
        guard let credential = Credential(of: call.request) else { throw ServiceError.unauthenticated }
        return Reply(
            SocketTokenAnswer(
                token: try token.seal(credential, now: call.now), expiresIn: Int(SocketToken.lifetimeSeconds)))
    }

    private func caller(of call: Call) throws -> FeedCaller {
        guard let credential = Credential(of: call.request) else { throw ServiceError.unauthenticated }
        return FeedCaller(feeds.accounts, credential, call.principal)
    }

    /// Where a client goes on. The header wins: a browser that connects again sends it beside the first request's query.
    private static func start(_ call: Call) throws -> FeedPosition? {
        for (field, text) in [("Last-Event-ID", call.request.headers["last-event-id"]), ("after", call.query["after"])] {
            guard let text, !text.isEmpty else { continue }
            guard let position = FeedPosition(text) else {
                throw ServiceError.invalid(field, "must be the id of an event of this feed")
            }
            return position
        }
        return nil
    }

    private static func refusal(_ refusal: WebSocketHandshake.Refusal, _ call: Call) -> Response {
        var response = ErrorRendering.response(HTTPError(refusal.status, refusal.message), requestID: call.requestID)
        for field in refusal.headers.fields {
            response.headers.add(
                String(decoding: refusal.headers.bytes[field.name], as: UTF8.self),
                String(decoding: refusal.headers.bytes[field.value], as: UTF8.self))
        }
        return response
    }
}

/// Server-sent events, and nothing else.
enum EventStreamMedia: MediaTypes { static var names: [String] { ["text/event-stream"] } }

/// A token for a WebSocket's first message.
struct SocketTokenAnswer: Codable, Sendable {
    let token: String
    /// Seconds.
    let expiresIn: Int

    enum CodingKeys: String, CodingKey { case token, expiresIn = "expires_in" }
}

extension Credential {
    /// The same with bytes of its own: a slice would keep the whole head in memory.
    var copied: Credential { Credential(kind, ArraySlice(Array(token))) }
}
