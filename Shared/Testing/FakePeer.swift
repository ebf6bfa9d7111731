import Events
import HTTP
import Models
import Storage
import Synchronization

/// A service that a test plays itself: fixed answers to GETs, and a feed of events that the test adds to.
public final class FakePeer: Responder {
    private struct State {
        var answers: [String: [UInt8]] = [:]
        var events: [Event] = []
    }

    private struct Page: Encodable {
        let events: [Event]
        let last: Int64
    }

    private let service: ServiceName
    private let state = Mutex(State())
    private let last = Watermark()
    private let taken = Watermark()

    public init(_ service: ServiceName) { self.service = service }

    /// What a GET of a path answers from now on.
    public func answer(_ path: String, _ value: some Encodable) throws {
        let bytes = try JSON.encode(value)
        state.withLock { $0.answers[path] = bytes }
    }

    /// A GET of a path is 404 from now on.
    public func forget(_ path: String) { state.withLock { _ = $0.answers.removeValue(forKey: path) } }

    /// Adds an event to the feed.
    public func emit(
        _ type: String, _ subject: String, _ data: some Encodable, workspace: String = "default", actor: Actor? = nil
    ) throws {
        let data = try RawJSON(encoding: data)
        let sequence = state.withLock { state in
            let sequence = Int64(state.events.count + 1)
            state.events.append(
                Event(
                    sequence: sequence, id: "evt_\(sequence)", type: type, service: service.rawValue, workspaceID: workspace,
                    subjectID: subject, time: WallClock.system.now(), actor: actor, data: data))
            return sequence
        }
        last.advance(to: sequence)
    }

    /// Waits until the service under test has committed the effect of every event so far.
    /// - Throws: `ServiceError` timeout after twenty seconds.
    public func consumed() async throws {
        let wanted = last.value
        let end = ContinuousClock.now + .seconds(20)
        while taken.value < wanted {
            guard ContinuousClock.now < end else {
                throw ServiceError(.timeout, "events of \(service.rawValue) are not consumed")
            }
            await Task.yield()
        }
    }

    public func respond(to request: Request) async -> Response {
        let path = String(decoding: request.path, as: UTF8.self)
        if path == "/internal/events" { return await feed(request) }
        guard request.method == .get, let bytes = state.withLock({ $0.answers[path] }) else {
            return .json(Array(#"{"error":"no such thing","code":"not_found"}"#.utf8), status: .notFound)
        }
        return .json(bytes)
    }

    private func feed(_ request: Request) async -> Response {
        do {
            let query = try Query(request.query)
            let after = Int64(try query.integer("after") ?? 0)
            let limit = try query.integer("limit") ?? 100
            taken.advance(to: after)
            if last.value <= after { _ = try await last.wait(past: after, within: .seconds(try query.integer("wait") ?? 0)) }
            let events = state.withLock { Array($0.events.dropFirst(Int(after)).prefix(limit)) }
            return .json(try JSON.encode(Page(events: events, last: events.last?.sequence ?? max(after, last.value))))
        } catch {
            return .json(Array(#"{"error":"the feed ends","code":"unavailable"}"#.utf8), status: Status(503))
        }
    }
}
