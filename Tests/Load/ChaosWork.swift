import Foundation
import HTTP
import Loops
import Models
import Synchronization

/// The mixed load: what is written is read back, what is listed is what was written, what is streamed comes once and in order.
final class ChaosWork: Sendable {
    /// Pauses between a worker's requests, so that the load is steady and not all there can be.
    private static let pause = Duration.milliseconds(20)
    /// An upload: more than comes with a head, so that it streams.
    private static let uploadBytes = 200_000
    private static let workersPerKind = 2

    private struct Written: Sendable {
        let service: ServiceName
        let path: String
        let field: String
        let value: String
    }

    private let client: ChaosClient
    private let run: String
    private let end: ContinuousClock.Instant
    private let written = Mutex<[Written]>([])
    private let followed = Mutex((lines: 0, streams: 0))
    private let number = Atomic<Int>(0)

    init(client: ChaosClient, run: String, end: ContinuousClock.Instant) {
        self.client = client
        self.run = run
        self.end = end
    }

    var acknowledged: Int { written.withLock { $0.count } }
    var lines: Int { followed.withLock { $0.lines } }
    var streams: Int { followed.withLock { $0.streams } }

    /// What is done at the same time.
    var jobs: [@Sendable () async throws -> Void] {
        let writers: [@Sendable () async throws -> Void] = [
            { [self] in try await write(.tasks, "/tasks-api", "title", #"{"title":"%"}"#) },
            { [self] in
                try await write(.agents, "/agents-api", "name", #"{"name":"%","model":{"provider":"runbook"}}"#)
            },
            { [self] in try await write(.memory, "/memory-api", "content", #"{"content":"%"}"#) },
            { [self] in try await write(.skills, "/skills-api", "name", #"{"name":"%","content":"Do it"}"#) },
            { [self] in try await write(.goals, "/api/projects", "name", #"{"name":"%"}"#) },
            { [self] in try await upload() },
            { [self] in try await list() },
        ]
        return (0..<ChaosWork.workersPerKind).flatMap { _ in writers } + [{ [self] in try await follow() }]
    }

    /// Makes objects, and reads each back at once.
    private func write(_ service: ServiceName, _ path: String, _ field: String, _ template: String) async throws {
        let upstream = client.makeUpstream()
        defer { upstream.close() }
        while ContinuousClock.now < end {
            // The worker's pace.
            try await EventLoop.sleep(for: ChaosWork.pause)
            let name = "chaos \(number.add(1, ordering: .relaxed).newValue) \(UInt32.random(in: 0 ... .max))"
            let body = Array(template.replacing("%", with: name).utf8)
            guard let made = await client.send(client.request(.post, path, body), to: service, by: upstream, wanting: 201...201)
            else { continue }
            let written = Written(service: service, path: path, field: field, value: name)
            guard let place = check(made, written) else { continue }
            self.written.withLock { $0.append(place) }
            if let read = await client.send(client.request(.get, place.path), to: service, by: upstream) {
                _ = check(read, place)
            }
        }
    }

    /// An object must have the field that was written; gives where it can be read again.
    private func check(_ bytes: [UInt8], _ written: Written) -> Written? {
        // try?: what is not even an object is wrong, as the message says
        let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
        guard let object, object[written.field] as? String == written.value, let id = object["id"] as? String else {
            client.wrong("\(written.path): wrote \(written.value), read \(String(decoding: bytes.prefix(200), as: UTF8.self))")
            return nil
        }
        let path = written.path.hasSuffix(id) ? written.path : "\(written.path)/\(id)"
        return Written(service: written.service, path: path, field: written.field, value: written.value)
    }

    /// Sends a document that streams through the gateway, and reads it back.
    private func upload() async throws {
        let upstream = client.makeUpstream()
        defer { upstream.close() }
        while ContinuousClock.now < end {
            // The worker's pace.
            try await EventLoop.sleep(for: ChaosWork.pause * 10)
            let name = "chaos-\(number.add(1, ordering: .relaxed).newValue)-\(UInt32.random(in: 0 ... .max))"
            let marks = (0..<(ChaosWork.uploadBytes / 16)).map { _ in String(format: "%015x", UInt64.random(in: 0...(1 << 59))) }
            let text = marks.joined(separator: "\n")
            let document = "---\nname: \(name)\ndescription: \(name)\n---\n\n\(text)\n"
            let request = client.request(.post, "/skills-api/import", Array(document.utf8), type: "text/markdown")
            guard let made = await client.send(request, to: .skills, by: upstream, wanting: 201...201) else { continue }
            // try?: what is not even an object is wrong, as the message says
            let object = (try? JSONSerialization.jsonObject(with: Data(made))) as? [String: Any]
            guard let id = object?["id"] as? String else {
                client.wrong("upload: \(String(decoding: made.prefix(200), as: UTF8.self))")
                continue
            }
            guard let back = await client.send(client.request(.get, "/skills-api/\(id)/export"), to: .skills, by: upstream)
            else { continue }
            if !String(decoding: back, as: UTF8.self).contains(text) { client.wrong("upload \(id): read back other bytes") }
        }
    }

    /// Lists every service in turn.
    private func list() async throws {
        let upstream = client.makeUpstream()
        defer { upstream.close() }
        let lists: [(ServiceName, String)] = [
            (.agents, "/agents-api"), (.skills, "/skills-api"), (.memory, "/memory-api"), (.goals, "/goals-api"),
            (.tasks, "/tasks-api"), (.runs, "/runs-api"), (.board, "/api/v1/crews"), (.approvals, "/approvals-api"),
            (.webhooks, "/webhooks-api/subscriptions"),
        ]
        var turn = 0
        while ContinuousClock.now < end {
            // The worker's pace.
            try await EventLoop.sleep(for: ChaosWork.pause)
            let (service, path) = lists[turn % lists.count]
            turn += 1
            guard let bytes = await client.send(client.request(.get, path), to: service, by: upstream) else { continue }
            // try?: what is no JSON is wrong, as the message says
            if (try? JSONSerialization.jsonObject(with: Data(bytes))) == nil {
                client.wrong("\(path): no JSON: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
            }
        }
    }

    /// Follows the log of a run that prints all the time, over all that becomes of its service: each line once, in order.
    private func follow() async throws {
        let upstream = client.makeUpstream()
        defer { upstream.close() }
        let reader = LineCheck()
        while ContinuousClock.now < end {
            var request = client.request(.get, "/runs-api/\(run)/logs")
            request.headers.add("accept", "application/x-ndjson")
            request.headers.add("last-event-id", "\(reader.last)")
            let start = ContinuousClock.now
            do {
                let response = try await upstream.send(request)
                guard response.status == .ok, case .stream(let stream) = response.body else {
                    if !client.isExcused(.runs, since: start) { client.wrong("log: \(response.status.code)") }
                    // Until it is asked again.
                    try await EventLoop.sleep(for: ChaosWork.pause * 5)
                    continue
                }
                followed.withLock { $0.streams += 1 }
                reader.begin()
                let left = end - .now
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask { try await stream.produce(reader) }
                    // The end of the load.
                    tasks.addTask { try await EventLoop.sleep(for: left) }
                    try await tasks.next()
                    tasks.cancelAll()
                }
            } catch {
                if ContinuousClock.now < end, !client.isExcused(.runs, since: .now - .seconds(2)) {
                    client.wrong("log: \(error)")
                }
            }
            for problem in reader.take() { client.wrong("log: \(problem)") }
        }
        followed.withLock { $0.lines = Int(reader.last) }
    }

    /// Those of the acknowledged writes that are not there.
    func missing() async throws -> [String] {
        let upstream = client.makeUpstream()
        defer { upstream.close() }
        var missing: [String] = []
        for one in written.withLock({ $0 }) {
            guard let read = await client.send(client.request(.get, one.path), to: one.service, by: upstream),
                check(read, one) != nil
            else {
                missing.append(one.path)
                continue
            }
        }
        return missing
    }
}

/// Takes lines of JSON as they are streamed; their numbers must follow each other.
final class LineCheck: BodyWriter {
    private struct Line: Decodable { let seq: Int64 }

    private struct State {
        var last: Int64 = 0
        var rest: [UInt8] = []
        var problems: [String] = []
    }

    private let state = Mutex(State())

    var last: Int64 { state.withLock { $0.last } }

    /// A new stream: what was left of the one before is void.
    func begin() { state.withLock { $0.rest = [] } }

    func take() -> [String] {
        state.withLock { state in
            defer { state.problems = [] }
            return state.problems
        }
    }

    func write(_ bytes: [UInt8]) async throws {
        state.withLock { state in
            state.rest += bytes
            while let end = state.rest.firstIndex(of: 10) {
                let line = Data(state.rest[..<end])
                state.rest.removeFirst(end + 1)
                if line.isEmpty { continue }
                // try?: a line that cannot be read is a problem, as is said
                guard let seq = (try? JSONDecoder().decode(Line.self, from: line))?.seq else {
                    state.problems.append("unreadable line \(String(decoding: line.prefix(100), as: UTF8.self))")
                    continue
                }
                if seq != state.last + 1 { state.problems.append("line \(seq) after \(state.last)") }
                state.last = seq
            }
        }
    }
}
