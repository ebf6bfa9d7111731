import Models
import Synchronization

/// Gathers what could not be had, in words.
final class Warnings: Sendable {
    private let found = Mutex<[String]>([])

    var all: [String] { found.withLock { $0 } }

    func add(_ text: String) { found.withLock { $0.append(text) } }

    /// What `body` gives; nil, and a warning, when it fails.
    func trying<Value: Sendable>(_ what: String, _ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            add("\(what) could not be had: \((error as? ServiceError)?.message ?? "it cannot be read")")
            return nil
        }
    }
}
