import HTTP
import Hostile
import Loops
import Models
import Service
import Testing

@testable import Gateway

/// Every request of the corpus over a socket, through the gateway, to an upstream that writes down what it sees.
@Suite(.timeLimit(.minutes(2))) struct HostileRequestTests {
    private static let marker = Array("GET /webhooks-api/ci/next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)

    @Test func noRequestIsSmuggledThroughTheGateway() async throws {
        let bench = try await GatewayBench()
        let upstream = try await RecordingServer(on: bench.base.loops)
        for name in ServiceName.allCases { bench.base.directory.connect(name, to: .socket(upstream.address)) }
        let server = HTTPServer(group: bench.base.loops, responder: bench.gateway, limits: .hostile) {
            ErrorRendering.response($0, requestID: nil)
        }
        let address = try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        let token = try bench.token(.admin)
        for request in try HostileRequest.all() {
            let exchange: Task<[UInt8], any Error> = bench.base.loops.next().task {
                try await RawExchange.everything(answering: request.bytes(token: token) + Self.marker, from: address)
            }
            check(request, try await exchange.value, upstream.take())
        }
        await bench.base.loops.next().task { await server.shutdown(within: .seconds(1)) }.value
        await bench.stop()
    }

    private func check(
        _ request: HostileRequest, _ received: [UInt8], _ taken: (records: [RecordingServer.Record], faults: [String])
    ) {
        let text = String(decoding: received, as: UTF8.self)
        #expect(taken.faults.isEmpty, "\(request)")
        let isPassedOn = request.isRefused || request.gatewayAnswer.status == 200
        var expected = isPassedOn ? request.seen : []
        var statuses = request.seen.map { _ in isPassedOn ? 200 : request.gatewayAnswer.status }
        if request.isRefused {
            statuses.append(request.answer.status)
        } else if !request.gatewayAnswer.closes {
            expected.append(HostileRequest.Seen(method: "GET", target: "/webhooks-api/ci/next"))
            statuses.append(200)
        }
        #expect(taken.records.map(\.seen) == expected, "\(request): \(text)")
        // try?: what cannot be read has no statuses, which is not what is expected.
        let got = try? RawExchange.statuses(in: received, to: request.seen.map(\.method))
        #expect(got == statuses, "\(request): \(text)")
        guard isPassedOn, let record = taken.records.first else { return }
        for name in request.droppedFields { #expect(record.values(of: name).isEmpty, "\(request): \(record.head)") }
        for field in request.keptFields {
            let parts = field.split(separator: ":", maxSplits: 1)
            let value = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
            #expect(record.values(of: String(parts[0])).contains(value), "\(request): \(record.head)")
        }
        #expect(record.values(of: "via").last?.hasSuffix(" nexus") == true, "\(request): \(record.head)")
        #expect(record.values(of: "x-request-id").count == 1, "\(request): \(record.head)")
    }
}
