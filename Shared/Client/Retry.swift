import Glibc
import HTTP
import Loops

/// When to try again, and how often: exponential backoff with jitter, `Retry-After` honoured, all of it bounded.
public struct Retry: Sendable {
    /// Tries in all, the first included.
    public var attemptsMax: Int
    /// The pause after the first try; each further one is twice as long.
    public var delayFirst: Duration
    public var delayMax: Duration
    /// A peer that wants to be left alone for longer is not asked again.
    public var retryAfterMax: Duration
    /// Whether a request that is not idempotent is sent again after it may have been received: only when the peer recognises it.
    public var repeatsUnsafe: Bool

    public init(
        attemptsMax: Int = 4, delayFirst: Duration = .milliseconds(100), delayMax: Duration = .seconds(10),
        retryAfterMax: Duration = .seconds(120), repeatsUnsafe: Bool = false
    ) {
        self.attemptsMax = attemptsMax
        self.delayFirst = delayFirst
        self.delayMax = delayMax
        self.retryAfterMax = retryAfterMax
        self.repeatsUnsafe = repeatsUnsafe
    }

    /// Sends a request until there is an answer that trying again would not better, or the tries are used up.
    /// - Returns: the last answer, of whatever status.
    /// - Throws: the last `ClientError`; `CancellationError`.
    public func send(_ request: OutboundRequest, with client: HTTPClient) async throws -> OutboundResponse {
        var attempt = 1
        while true {
            var pause = delay(afterAttempt: attempt)
            do {
                let response = try await client.send(request)
                guard attempt < attemptsMax, mayRepeat(request, after: response) else { return response }
                if let wanted = Retry.retryAfter(response) {
                    guard wanted <= retryAfterMax else { return response }
                    pause = max(pause, wanted)
                }
            } catch let error as ClientError {
                guard attempt < attemptsMax, mayRepeat(request, after: error) else { throw error }
            }
            try await EventLoop.sleep(for: pause)
            attempt += 1
        }
    }

    /// The pause after try number `attempt`, counted from 1: between half of the full pause and all of it, so that many who
    /// failed together do not come back together.
    public func delay(afterAttempt attempt: Int) -> Duration {
        let doublings = min(attempt - 1, 30)
        let full = min(delayMax, delayFirst * (1 << doublings))
        return full * Double.random(in: 0.5...1)
    }

    /// What `Retry-After` asks for (RFC 9110 §10.2.3): seconds, or a date.
    public static func retryAfter(_ response: OutboundResponse) -> Duration? {
        guard let text = response.headers["retry-after"] else { return nil }
        if let seconds = Int(text) { return .seconds(max(0, min(seconds, 1_000_000))) }
        guard let date = secondsSince1970(text) else { return nil }
        return .seconds(max(0, date - time(nil)))
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
    private static func secondsSince1970(_ text: String) -> Int? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3, let day = Int32(parts[1]), let year = Int32(parts[3]), (1970...9999).contains(year) else {
            return nil
        }
        var date = tm()
        (date.tm_year, date.tm_mon, date.tm_mday) = (year - 1900, Int32(month), day)
        (date.tm_hour, date.tm_min, date.tm_sec) = (clock[0], clock[1], clock[2])
        return timegm(&date)
    }

    private func mayRepeat(_ request: OutboundRequest, after response: OutboundResponse) -> Bool {
        switch response.status.code {
        // The peer says itself that it has done nothing.
        case 408, 425, 429, 503, 507: true
        case 500, 502, 504: repeatsUnsafe || request.method.isIdempotent
        default: false
        }
    }

    private func mayRepeat(_ request: OutboundRequest, after error: ClientError) -> Bool {
        if case .cannotConnect = error { return true }
        return error.isTransient && (repeatsUnsafe || request.method.isIdempotent)
    }
}
