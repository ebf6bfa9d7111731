import Glibc
import SuiteTesting
import Synchronization
import Testing

@testable import Gateway

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The thread that writes the log, and its files.
@Suite(.timeLimit(.minutes(1)))
struct AccessLogWriterTests {
    private static func ended(_ writer: AccessLogWriter) async {
        await withCheckedContinuation { continuation in writer.close { continuation.resume() } }
    }

    @Test func aFileIsMovedAsideAtItsSizeAndOnlySoManyAreKept() async throws {
        let folder = TestBench.makeFolder()
        let path = folder + "/access.log"
        let writer = try AccessLogWriter(AccessLogFile(path: path, bytesMax: 100))
        for number in 0..<20 {
            var buffer = Array("\(100 + number) \(String(repeating: "x", count: 55))\n".utf8)
            writer.take(&buffer, lines: 1)
        }
        await Self.ended(writer)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(names == ["access.log"] + (1...AccessLogFile.keptMax).map { "access.log.\($0)" })
        let last = try #require(FileManager.default.contents(atPath: path))
        #expect(String(decoding: last, as: UTF8.self).hasPrefix("119 "))
        let first = try #require(FileManager.default.contents(atPath: path + ".1"))
        #expect(String(decoding: first, as: UTF8.self).hasPrefix("118 "))
        #expect(writer.dropped == 0)
        #expect(writer.written == 20 * 60)
    }

    @Test func aDiskThatHangsHoldsNobodyUpAndWhatIsLostIsCountedAndTold() async throws {
        let folder = TestBench.makeFolder()
        let path = folder + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        // A pipe that nobody reads from takes 64 KiB and then makes its writer wait.
        let reader = open(path, O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        let writer = try AccessLogWriter(AccessLogFile(path: path))
        // More than can wait, be at hand, and lie in the pipe.
        let given = 2 * AccessLogWriter.pendingMax + 40
        for _ in 0..<given {
            var buffer = [UInt8](repeating: 65, count: 16 * 1024 - 1) + [10]
            writer.take(&buffer, lines: 1)
        }
        let dropped = writer.dropped
        #expect(dropped > 0 && dropped <= AccessLogWriter.pendingMax + 40)
        let text = Mutex<[UInt8]>([])
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let isOver = Atomic<Bool>(false)
        writer.close { isOver.store(true, ordering: .releasing) }
        while true {
            let isLast = isOver.load(ordering: .acquiring)
            let count = read(reader, &chunk, chunk.count)
            if count > 0 { text.withLock { $0 += chunk[..<count] } } else if isLast { break }
            await Task.yield()
        }
        let lines = text.withLock { $0.split(separator: 10) }
        #expect(lines.count { $0.first == 65 } == given - dropped)
        let told = lines.filter { String(decoding: $0, as: UTF8.self).contains("\"dropped\":\(dropped)") }
        #expect(told.count == 1)
    }

    @Test func aFileThatCannotBeWrittenIsSaidAtTheStart() throws {
        let folder = TestBench.makeFolder()
        #expect(throws: (any Error).self) { try AccessLogFile(path: folder) }
        #expect(throws: (any Error).self) { try AccessLogFile(path: folder + "/no/such/folder/access.log") }
    }
}
