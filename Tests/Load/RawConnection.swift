import HTTP
import Loops

/// A connection that sends what it is told, and reads heads; thousands of them cost little. Confined to its loop.
final class RawConnection: @unchecked Sendable {  // Confined to its loop's thread.
    enum Failure: Error { case ended, refused(String) }

    /// Longer than anything here may take.
    static let patience = Timeout.seconds(60)

    let channel: Channel
    private var pending: [UInt8] = []

    init(to address: SocketAddress) async throws { channel = try await Channel.connect(to: address) }

    func send(_ text: String) async throws { try await channel.writeAll(Array(text.utf8), RawConnection.patience) }

    /// Reads an answer's head; what follows stays to be read.
    func head() async throws -> (status: Int, text: String) {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = pending.firstRange(of: end) {
                let text = String(decoding: pending[..<range.upperBound], as: UTF8.self)
                pending.removeFirst(range.upperBound)
                return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, text)
            }
            try await readMore()
        }
    }

    func status() async throws -> Int { try await head().status }

    func close() { channel.close() }

    private func readMore() async throws {
        let piece = try await channel.readSome(upTo: 16 * 1024, RawConnection.patience)
        if piece.isEmpty { throw Failure.ended }
        pending += piece
    }
}

/// A normal client: a few connections, a steady pace, each answer looked at.
struct NormalClient: Sendable {
    let target: Target
    let group: EventLoopGroup
    /// Requests a second, of all connections.
    static let perSecond = 200
    static let connections = 4

    /// Asks for `seconds`; gives how long the answers took.
    func run(for seconds: Double) async throws -> Latencies {
        let latencies = Latencies()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<NormalClient.connections {
                tasks.addTask(executorPreference: group.loops[number % group.loops.count]) {
                    try await ask(for: seconds, latencies)
                }
            }
            try await tasks.waitForAll()
        }
        return latencies
    }

    private func ask(for seconds: Double, _ latencies: Latencies) async throws {
        let upstream = Upstream.socket(target.address)
        defer { upstream.close() }
        var headers = Headers()
        headers.add("authorization", "Bearer \(target.token)")
        let request = Request(.get, "/agents-api?limit=1", headers: headers)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            let start = ContinuousClock.now
            let response = try await upstream.send(request)
            _ = try await response.wholeBody(upTo: 1 << 20)
            latencies.add(start.duration(to: .now))
            guard response.status == .ok else {
                throw RawConnection.Failure.refused("a normal client got \(response.status.code)")
            }
            // The pace is what makes it a normal client.
            try await EventLoop.sleep(for: .milliseconds(1000 * NormalClient.connections / NormalClient.perSecond))
        }
    }
}
