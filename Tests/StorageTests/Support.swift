import Dispatch
import Models
import Storage
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// A folder of its own for one test, removed at its end.
func withFolder<T>(_ body: (String) async throws -> T) async throws -> T {
    var template = Array("/tmp/nexus-storage-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    guard made else { throw ServiceError.internal("mkdtemp failed") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeFolder(folder) }
    return try await body(folder)
}

/// A database of its own for one test.
@discardableResult
func withDatabase<T>(
    _ migrations: [Migration], options: Database.Options = .init(), _ body: (Database) async throws -> T
) async throws -> T {
    try await withFolder { folder in
        let database = try Database(path: "\(folder)/test.db", migrations: migrations, options: options)
        defer { database.close() }
        return try await body(database)
    }
}

private func removeFolder(_ folder: String) {
    // try?: what a failed test left behind in /tmp harms nobody.
    try? FileManager.default.removeItem(atPath: folder)
}

/// The permission bits of a file.
func mode(of path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
}

func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
}

func contents(of path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path)))
}

/// The entity of these tests.
struct Robot: StoredModel, Equatable {
    enum Status: String, Codable, Sendable, SQLBindable { case active, idle, retired }

    static let noun = "robot"
    var id: String
    var slug: String
    var status: Status = .active
    var rank: Int?
    var note: String?

    static let table = DocumentTable<Robot>(
        "robots",
        columns: [
            .slug { $0.slug }, Column("status", .text, index: .filtered) { $0.status },
            Column("rank", .integer, index: .ordered) { $0.rank }, Column("note", .text) { $0.note },
        ], indexes: [["status", "rank"]])
    static let migrations = [Migration("robots", table.schema)]
}

let moment = Timestamp(milliseconds: 1_790_000_000_000)

/// A number that several threads add to.
final class Counter: Sendable {
    private let number = Atomic(0)

    func add(_ amount: Int) { number.add(amount, ordering: .relaxed) }
    var value: Int { number.load(ordering: .relaxed) }
}

/// Something that happens once: tasks wait for it, and threads that may block.
final class Signal: Sendable {
    private let isSet = Mutex(false)
    private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])
    private let gate = DispatchSemaphore(value: 0)

    func set() {
        gate.signal()
        isSet.withLock { $0 = true }
        for continuation in waiting.withLock({ waiting in
            defer { waiting = [] }; return waiting
        }) { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0.append(continuation) }
            guard isSet.withLock({ $0 }) else { return }
            for continuation in waiting.withLock({ waiting in
                defer { waiting = [] }; return waiting
            }) { continuation.resume() }
        }
    }

    /// Blocks the thread, for one of the waiting.
    func block() { gate.wait() }
}
