import Glibc
import Loops

/// Looks up a host's address. The system's call blocks, so each lookup has a thread of its own; there is one for each new
/// connection to an upstream that is named, and none for one that is numbered.
enum HostLookup {
    /// - Returns: the first address, as a numeric one.
    /// - Throws: `UpstreamError.unavailable` when there is none.
    static func resolve(_ host: String) async throws -> String {
        let address: String? = await withUnsafeContinuation { continuation in
            let question = Unmanaged.passRetained(Question(host: host, continuation: continuation))
            var thread = pthread_t()
            let failure = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let question = Unmanaged<Question>.fromOpaque(argument).takeRetainedValue()
                    question.continuation.resume(returning: HostLookup.ask(question.host))
                    return nil
                }, question.toOpaque())
            if failure == 0 {
                pthread_detach(thread)
            } else {
                question.takeRetainedValue().continuation.resume(returning: nil)
            }
        }
        guard let address else { throw UpstreamError.unavailable("\(host): no address found") }
        return address
    }

    /// Whether a host needs no lookup.
    static func isNumeric(_ host: String) -> Bool {
        var address = in6_addr()
        return host == "localhost" || inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }

    private final class Question: Sendable {
        let host: String
        let continuation: UnsafeContinuation<String?, Never>

        init(host: String, continuation: UnsafeContinuation<String?, Never>) {
            self.host = host
            self.continuation = continuation
        }
    }

    private static func ask(_ host: String) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0, let first = found else { return nil }
        defer { freeaddrinfo(found) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let failure = getnameinfo(
            first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard failure == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
