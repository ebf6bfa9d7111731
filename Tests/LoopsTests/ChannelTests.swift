import CSystem
import Glibc
import Testing

@testable import Loops

/// A connected pair of Unix stream sockets on `loop`.
func socketPair(on loop: EventLoop) throws -> (Channel, Channel) {
    var descriptors: [Int32] = [0, 0]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &descriptors) == 0 else { throw SystemError("socketpair") }
    return (
        try Channel(adopting: descriptors[0], on: loop, isSocket: true),
        try Channel(adopting: descriptors[1], on: loop, isSocket: true)
    )
}

@Suite(.timeLimit(.minutes(1)))
struct ChannelTests {
    @Test func bytesCrossWholeThroughASocketThatFills() async throws {
        try await withLoops { group in
            let (left, right) = try socketPair(on: group.loops[0])
            let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            async let writing: Void = {
                try await left.writeAll(sent)
                left.shutDownWriting()
            }()
            var received: [UInt8] = []
            while true {
                let piece = try await right.readSome(upTo: 7_001)
                if piece.isEmpty { break }
                received += piece
            }
            try await writing
            #expect(received == sent)
            left.close()
            right.close()
        }
    }

    @Test func waitingTimesOutAndTheChannelStaysUsable() async throws {
        try await withLoops { group in
            let (left, right) = try socketPair(on: group.loops[0])
            await #expect(throws: ChannelError.timedOut) { try await right.readSome(upTo: 10, .milliseconds(20)) }
            try await left.writeAll([1, 2, 3])
            #expect(try await right.readSome(upTo: 10) == [1, 2, 3])
            left.close()
            right.close()
        }
    }

    @Test func cancellingATaskEndsItsWaitFromAnyThread() async throws {
        try await withLoops(2) { group in
            let (left, right) = try socketPair(on: group.loops[0])
            for canceller in group.loops {
                let reader = group.loops[0].task { try await right.readSome(upTo: 10) }
                await Task.yield()
                await canceller.task { reader.cancel() }.value
                await #expect(throws: CancellationError.self) { try await reader.value }
            }
            left.close()
            right.close()
        }
    }

    @Test func closingWakesWhoWaits() async throws {
        try await withLoops { group in
            let (left, right) = try socketPair(on: group.loops[0])
            let reader = group.loops[0].task { try await right.readSome(upTo: 10) }
            await Task.yield()
            right.close()
            await #expect(throws: ChannelError.closed) { try await reader.value }
            left.close()
        }
    }

    @Test func theDelegateHearsOfAHalfCloseAndOfAHangUp() async throws {
        final class Owner: ChannelDelegate, Sendable {
            let heard = Shared<[String]>([])
            func channelPeerShutDown() { heard.withLock { $0.append("shut down") } }
            func channelHungUp() { heard.withLock { $0.append("hung up") } }
        }
        try await withLoops { group in
            let (left, right) = try socketPair(on: group.loops[0])
            let owner = Owner()
            right.delegate = owner
            left.shutDownWriting()
            while !right.isPeerShutDown { await EventLoop.yield() }
            #expect(try await right.readSome(upTo: 1).isEmpty)
            owner.heard.withLock { #expect($0 == ["shut down"]) }
            left.close()
            while !right.isHungUp { await EventLoop.yield() }
            owner.heard.withLock { #expect($0 == ["shut down", "hung up"]) }
            right.close()
        }
    }

    @Test func aNumberThatIsReusedGetsNoEventOfItsPredecessor() async throws {
        try await withLoops { group in
            let loop = group.loops[0]
            for _ in 0..<20 {
                let (left, right) = try socketPair(on: loop)
                _ = try right.write(UnsafeRawBufferPointer(rebasing: [1].withUnsafeBytes { $0 }[0..<0]))
                try await left.writeAll([1])
                left.close()
                right.close()
                let (next, silent) = try socketPair(on: loop)
                await EventLoop.yield()
                await #expect(throws: ChannelError.timedOut) { try await next.waitReadable(.milliseconds(1)) }
                next.close()
                silent.close()
            }
        }
    }

    @Test func anEventDescriptorAndAPipeAreWaitedFor() async throws {
        try await withLoops { group in
            let loop = group.loops[0]
            let event = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
            let channel = try Channel(adopting: event, on: loop)
            _ = loop.schedule(after: .milliseconds(10)) { eventfd_write(event, 1) }
            try await channel.waitReadable(.seconds(10))
            channel.close()

            var ends: [Int32] = [0, 0]
            #expect(pipe(&ends) == 0)
            for end in ends { #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
            let reader = try Channel(adopting: ends[0], on: loop)
            let writer = try Channel(adopting: ends[1], on: loop)
            async let read = reader.readSome(upTo: 16)
            try await writer.writeAll([7, 8])
            #expect(try await read == [7, 8])
            writer.close()
            #expect(try await reader.readSome(upTo: 16).isEmpty)
            reader.close()
        }
    }

    @Test func writingToAPipeThatNobodyReadsIsAnErrorAndNoSignal() async throws {
        try await withLoops { group in
            var ends: [Int32] = [0, 0]
            #expect(pipe(&ends) == 0)
            let writer = try Channel(adopting: ends[1], on: group.loops[0])
            Glibc.close(ends[0])
            await #expect { try await writer.writeAll([1]) } throws: { ($0 as? SystemError)?.code == EPIPE }
            writer.close()
        }
    }

    @Test func aPidDescriptorIsReadableOnceTheProcessHasEnded() async throws {
        try await withLoops { group in
            var pid = pid_t()
            var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/true"), nil]
            defer { free(arguments[0]) }
            #expect(posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil) == 0)
            let channel = try Channel(adopting: nexus_pidfd_open(pid), on: group.loops[0])
            try await channel.waitReadable(.seconds(10))
            var status: Int32 = 0
            #expect(waitpid(pid, &status, WNOHANG) == pid)
            channel.close()
        }
    }

    @Test func aWatchIsLevelTriggeredAndFollowsItsInterest() async throws {
        try await withLoops { group in
            let loop = group.loops[0]
            let event = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
            let calls = Shared<[Watch.Interest]>([])
            let watch = try loop.watch(event, .read) { ready in calls.withLock { $0.append(ready) } }
            await EventLoop.yield()
            calls.withLock { #expect($0.isEmpty) }
            eventfd_write(event, 1)
            while calls.withLock({ $0.count < 3 }) { await EventLoop.yield() }
            calls.withLock { #expect($0.allSatisfy { $0 == .read }) }
            try watch.update(.write)
            while calls.withLock({ $0.last != .write }) { await EventLoop.yield() }
            watch.cancel()
            let count = calls.withLock { $0.count }
            for _ in 0..<2_000 { await EventLoop.yield() }
            #expect(calls.withLock { $0.count } == count)
            Glibc.close(event)
        }
    }
}
