import Foundation
import HTTP
import Loops
import Models
import Synchronization

/// Sends requests, each with a time limit, and judges what comes back.
final class ChaosClient: Sendable {
    /// Past this a request hangs: longer than any limit of the gateway but that for an answer's head, which nothing here needs.
    static let hangSeconds = 30.0
    /// How long after a service is back its requests may still fail: those that were sent before.
    private static let graceSeconds = 1.0

    struct Count: Sendable {
        var good = 0
        var refused = 0
    }

    struct Tally: Sendable {
        var answers = 0
        var byService: [String: Count] = [:]
        var hangs: [String] = []
        var wrong: [String] = []
    }

    let latencies = Latencies()
    private let target: Target
    private let counted = Mutex(Tally())
    /// Until when a service is excused; nil while it is away.
    private let absences = Mutex<[ServiceName: ContinuousClock.Instant?]>([:])

    init(_ target: Target) { self.target = target }

    var tally: Tally { counted.withLock { $0 } }

    func beginAbsence(of service: ServiceName) { absences.withLock { $0[service] = .some(nil) } }

    func endAbsence(of service: ServiceName) {
        absences.withLock { $0[service] = .now + .seconds(ChaosClient.graceSeconds) }
    }

    /// Whether a service was away at some time since `start`.
    func isExcused(_ service: ServiceName, since start: ContinuousClock.Instant) -> Bool {
        absences.withLock { absences in
            guard let until = absences[service] else { return false }
            return until.map { $0 > start } ?? true
        }
    }

    func wrong(_ text: String) { counted.withLock { $0.wrong.append(text) } }

    func makeUpstream() -> Upstream { .socket(target.address) }

    func request(_ method: HTTP.Method, _ path: String, _ body: [UInt8] = [], type: String = "application/json") -> Request {
        var headers = Headers()
        headers.add("authorization", "Bearer \(target.token)")
        if !body.isEmpty { headers.add("content-type", type.utf8) }
        return Request(method, path, headers: headers, body: body.isEmpty ? .empty : .bytes(body))
    }

    /// One request and its whole answer; nil when it failed, which has been judged then.
    func send(
        _ request: Request, to service: ServiceName, by upstream: Upstream, wanting statuses: ClosedRange<UInt16> = 200...299
    ) async -> [UInt8]? {
        let start = ContinuousClock.now
        let what = "\(request.method) \(String(decoding: request.target, as: UTF8.self))"
        do {
            let (status, headers, bytes) = try await withTimeLimit {
                let response = try await upstream.send(request)
                return (response.status.code, response.headers, try await response.wholeBody(upTo: 1 << 26))
            }
            latencies.add(start.duration(to: .now))
            counted.withLock { $0.answers += 1 }
            if statuses.contains(status) {
                counted.withLock { $0.byService[service.rawValue, default: Count()].good += 1 }
                return bytes
            }
            judge(status, headers, bytes, what, service, start)
        } catch is Hang {
            counted.withLock { $0.hangs.append(what) }
        } catch {
            // An answer that had begun breaks off with the service that gives it.
            if isExcused(service, since: start), !"\(error)".contains("before it answered") {
                counted.withLock { $0.byService[service.rawValue, default: Count()].refused += 1 }
            } else {
                wrong("\(what): \(error)")
            }
        }
        return nil
    }

    private func judge(
        _ status: UInt16, _ headers: Headers, _ bytes: [UInt8], _ what: String, _ service: ServiceName,
        _ start: ContinuousClock.Instant
    ) {
        struct Shape: Decodable {
            let error: String
            let code: String
        }
        // try?: an answer that has not the shape of an error is wrong, whatever else it is
        let shape = try? JSONDecoder().decode(Shape.self, from: Data(bytes))
        let isHonest = shape != nil && (status == 502 || status == 503 && headers["retry-after"] != nil)
        if isHonest, isExcused(service, since: start) {
            counted.withLock { $0.byService[service.rawValue, default: Count()].refused += 1 }
        } else {
            wrong("\(what): \(status) \(String(decoding: bytes.prefix(200), as: UTF8.self))")
        }
    }

    /// What the gateway says of a service.
    func readiness(of service: ServiceName) async -> String {
        struct Health: Decodable { let services: [String: String] }
        let upstream = makeUpstream()
        defer { upstream.close() }
        // try?: no answer is no readiness
        guard let response = try? await upstream.send(Request(.get, "/readyz")),
            let bytes = try? await response.wholeBody(upTo: 1 << 16),
            let health = try? JSONDecoder().decode(Health.self, from: Data(bytes))
        else { return "no answer" }
        return health.services[service.rawValue] ?? "unknown"
    }

    struct Hang: Error {}

    func withTimeLimit<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { tasks in
            tasks.addTask { try await body() }
            tasks.addTask {
                // The time limit itself.
                try await EventLoop.sleep(for: .seconds(ChaosClient.hangSeconds))
                throw Hang()
            }
            defer { tasks.cancelAll() }
            guard let value = try await tasks.next() else { throw Hang() }
            return value
        }
    }
}
