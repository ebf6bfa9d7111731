import CSystem
import Glibc
import Testing

@testable import Loops

@Suite(.timeLimit(.minutes(1)))
struct ListenerTests {
    @Test func addressesReadAndWriteTheirTextForm() {
        #expect(SocketAddress("127.0.0.1:8081") == .tcp(host: "127.0.0.1", port: 8081))
        #expect(SocketAddress("[::1]:80") == .tcp(host: "::1", port: 80))
        #expect(SocketAddress("unix:/tmp/a") == .unix(path: "/tmp/a"))
        for bad in ["", "unix:", "8080", "host:", "::1:80", ":80", "a:70000", "unix:" + String(repeating: "x", count: 108)] {
            #expect(SocketAddress(bad) == nil, "\(bad)")
        }
        for text in ["127.0.0.1:8081", "[::1]:80", "unix:/tmp/a"] { #expect(SocketAddress(text)?.description == text) }
    }

    @Test(arguments: ["127.0.0.1:0", "[::1]:0", "localhost:0"])
    func everyLoopAcceptsOnThePortThatTheFirstOneGot(text: String) async throws {
        try await withLoops(2) { group in
            let address = try #require(SocketAddress(text))
            let sockets = try ListeningSockets(on: address, count: 2)
            #expect(sockets.descriptors.count == 2)
            let accepted = Shared([0, 0])
            var listeners: [Listener] = []
            for (loop, descriptor) in zip(group.loops, sockets.descriptors) {
                listeners.append(
                    try await loop.task { () throws -> Listener in
                        try Listener(descriptor, isUnix: false, on: loop) { connection, peer in
                            #expect(peer != nil)
                            accepted.withLock { $0[loop.index] += 1 }
                            Glibc.close(connection)
                        }
                    }.value)
            }
            for _ in 0..<64 {
                let channel = try await Channel.connect(to: sockets.address)
                #expect(try await channel.readSome(upTo: 1).isEmpty)
                channel.close()
            }
            accepted.withLock { #expect($0[0] + $0[1] == 64 && $0[0] > 0 && $0[1] > 0) }
            for listener in listeners { await listener.loop.task { listener.close() }.value }
        }
    }

    @Test func aPortInUseIsRefusedThoughItIsShared() async throws {
        let first = try ListeningSockets(on: .tcp(host: "127.0.0.1", port: 0), count: 2)
        #expect { try ListeningSockets(on: first.address, count: 2) } throws: { ($0 as? SystemError)?.code == EADDRINUSE }
        for descriptor in first.descriptors { Glibc.close(descriptor) }
    }

    @Test func aPortThatWasClosedCanBeListenedOnAgain() async throws {
        var isListeningAgain = false
        for _ in 1...5 where !isListeningAgain {
            let first = try ListeningSockets(on: .tcp(host: "127.0.0.1", port: 0), count: 2)
            for descriptor in first.descriptors { Glibc.close(descriptor) }
            // try?: a connection of another test may take a port that is free for a moment; not five times.
            guard let second = try? ListeningSockets(on: first.address, count: 2) else { continue }
            for descriptor in second.descriptors { Glibc.close(descriptor) }
            isListeningAgain = true
        }
        #expect(isListeningAgain)
    }

    @Test func aDeadUnixSocketIsReplacedAndALivingOneIsNot() async throws {
        let path = "/tmp/nexus-listener-\(getpid())"
        defer { unlink(path) }
        let first = try ListeningSockets(on: .unix(path: path), count: 2)
        #expect { try ListeningSockets(on: .unix(path: path), count: 1) } throws: { ($0 as? SystemError)?.code == EADDRINUSE }
        Glibc.close(first.descriptors[0])
        let second = try ListeningSockets(on: .unix(path: path), count: 1)
        Glibc.close(second.descriptors[0])
    }

    @Test func connectingToNobodySaysSo() async throws {
        try await withLoops { _ in
            let sockets = try ListeningSockets(on: .tcp(host: "127.0.0.1", port: 0), count: 1)
            Glibc.close(sockets.descriptors[0])
            do {
                _ = try await Channel.connect(to: sockets.address)
                Issue.record("connected")
            } catch let error as SystemError {
                #expect(error.code == ECONNREFUSED)
            }
            do {
                _ = try await Channel.connect(to: .unix(path: "/nonexistent/socket"))
                Issue.record("connected")
            } catch let error as SystemError {
                #expect(error.code == ENOENT)
            }
        }
    }
}
