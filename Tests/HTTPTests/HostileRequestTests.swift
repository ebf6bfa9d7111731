import Hostile
import Loops
import Testing

@testable import HTTP

/// Every request of the corpus over a socket, to a server.
@Suite(.timeLimit(.minutes(2))) struct HostileRequestTests {
    private static let marker = Array("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)

    // The corpus is told to plain sockets.
    @Test(.disabled(if: TestTLS.isForAll))
    func everyHostileRequestGetsItsAnswerAndNothingBehindItIsExecuted() async throws {
        let seen = Shared<[HostileRequest.Seen]>([])
        try await withServer(limits: .hostile) { request in
            do {
                let content = try await request.body.collect(upTo: 1 << 20)
                let method = request.otherMethod ?? "\(request.method.name)"
                let target = String(decoding: request.target, as: UTF8.self)
                seen.withLock { $0.append(HostileRequest.Seen(method: method, target: target, content: content)) }
                return .text("ok")
            } catch let error as HTTPError {
                return Response(error.status)
            } catch {
                return Response(.internalError)
            }
        } _: { test in
            for request in try HostileRequest.all() {
                let received = try await RawExchange.everything(answering: request.bytes() + Self.marker, from: test.address)
                let got = seen.withLock { all in
                    defer { all = [] }
                    return all
                }
                let methods = request.seen.map(\.method)
                let text = String(decoding: received, as: UTF8.self)
                let statuses = try RawExchange.statuses(in: received, to: methods)
                let next = HostileRequest.Seen(method: "GET", target: "/next")
                if request.isRefused {
                    #expect(got == request.seen, "\(request): \(text)")
                    #expect(statuses == request.seen.map { _ in 200 } + [request.answer.status], "\(request)")
                } else {
                    #expect(got == request.seen + (request.answer.closes ? [] : [next]), "\(request): \(text)")
                    #expect(statuses == got.map { _ in 200 }, "\(request)")
                }
                #expect(text.hasPrefix("HTTP/1.1 ") || received.isEmpty, "\(request)")
            }
        }
    }
}
