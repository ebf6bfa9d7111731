import Dispatch
public import Models
import Synchronization

/// Hashes and checks passwords on a thread of its own, one at a time: a flood of sign-ins takes one core and 16 MB, not all there
/// is, and no event loop waits.
public final class PasswordWorker: Sendable {
    /// Sign-ins that may wait: at a fifth of a second each, as long as anybody would.
    public static let waitingMax = 64

    private let queue = DispatchQueue(label: "nexus.passwords", qos: .utility)
    private let waiting = Mutex(0)
    private let cost: Password.Cost

    /// - Parameter cost: of the hashes that it makes; lower for tests.
    public init(cost: Password.Cost = .standard) { self.cost = cost }

    /// What to store for `password`.
    /// - Throws: `ServiceError` 503 when too many wait.
    public func hash(_ password: String) async throws(ServiceError) -> String {
        let cost = cost
        return try await run { () throws(ServiceError) in try Password.hash(password, cost: cost) }
    }

    /// Whether `password` is the one that `stored` was made from; takes as long when `stored` is nil.
    /// - Throws: `ServiceError` 503 when too many wait.
    public func verify(_ password: String, against stored: String?) async throws(ServiceError) -> Bool {
        let cost = cost
        return try await run { Password.verify(password, against: stored, unknownCost: cost) }
    }

    private func run<T: Sendable>(_ body: @escaping @Sendable () throws(ServiceError) -> T) async throws(ServiceError) -> T {
        let admitted = waiting.withLock { waiting in
            guard waiting < PasswordWorker.waitingMax else { return false }
            waiting += 1
            return true
        }
        guard admitted else {
            throw ServiceError(.unavailable, "too many sign-ins are waiting: try again", retryAfterSeconds: 2)
        }
        defer { waiting.withLock { $0 -= 1 } }
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<T, ServiceError>, Never>) in
            queue.async { continuation.resume(returning: Result(catching: body)) }
        }
        return try result.get()
    }
}
