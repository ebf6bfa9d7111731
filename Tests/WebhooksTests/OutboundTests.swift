import Agents
import HTTP
import Models
import Service
import SuiteTesting
import Synchronization
import Testing

@testable import Webhooks

/// Subscribers that are sent the suite's events, over a real socket.
@Suite(.timeLimit(.minutes(1))) struct OutboundTests {
    @Test func aSubscriberIsSentWhatItAskedForSigned() async throws {
        let bench = try await TestBench([AgentsService.self, WebhooksService.self])
        let subscriber = Subscriber()
        let server = HTTPServer(group: bench.base.loops, responder: subscriber)
        let url = "http://\(try server.listen(on: .tcp(host: "127.0.0.1", port: 0)))"
        let made = try await bench.send(
            .webhooks, .post, "/webhooks-api/subscriptions", json: #"{"url":"\#(url)/hook","events":["agent.created"]}"#)
        #expect(made.status == 201)
        let secret = try made.json()["secret"]?.string ?? ""
        #expect(secret.hasPrefix("whsec_"))
        let id = try made.decoded(WebhookSubscription.self).id
        #expect(!(try await bench.send(.webhooks, .get, "/webhooks-api/subscriptions/\(id)").text.contains("whsec_")))

        _ = try await bench.send(.agents, .post, "/agents-api", json: #"{"name":"One","model":{"provider":"runbook"}}"#)
        _ = try await bench.send(.agents, .post, "/agents-api/one/disable")
        let list = try await bench.eventually(.webhooks, "/webhooks-api/deliveries?status=delivered") {
            $0.text.contains("\"delivered\"")
        }
        #expect(list.text.contains("agent.created"))
        let seen = subscriber.seen
        #expect(seen.count == 1)
        let first = try #require(seen.first)
        #expect(
            StandardWebhooks.isValid(first.headers, body: first.body, secret: Array(secret.utf8), now: bench.base.clock.now()))
        let message = try JSON.decode(JSONValue.self, from: first.body)
        #expect(message["type"]?.string == "agent.created")
        #expect(message["data"]?["slug"]?.string == "one")
        #expect(message["id"]?.string == first.headers["webhook-id"])
        await bench.stop()
        await end(server, bench)
    }

    private func end(_ server: HTTPServer, _ bench: TestBench) async {
        let ending: Task<Void, Never> = bench.base.loops.next().task { await server.shutdown(within: .seconds(1)) }
        await ending.value
    }

    @Test func aTestTellsWhatTheSubscriberAnswered() async throws {
        let bench = try await TestBench([WebhooksService.self])
        let subscriber = Subscriber(status: 503)
        let server = HTTPServer(group: bench.base.loops, responder: subscriber)
        let url = "http://\(try server.listen(on: .tcp(host: "127.0.0.1", port: 0)))"
        let made = try await bench.send(
            .webhooks, .post, "/webhooks-api/subscriptions", json: #"{"url":"\#(url)","secret":"mine"}"#)
        #expect(try made.json()["secret"] == nil)
        let path = "/webhooks-api/subscriptions/\(try made.decoded(WebhookSubscription.self).id)"
        let refused = try await bench.send(.webhooks, .post, path + "/test").decoded(WebhookDelivery.self)
        #expect(refused.status == .failed)
        #expect(refused.responseStatus == 503)
        subscriber.answer(204)
        #expect(try await bench.send(.webhooks, .post, path + "/test").decoded(WebhookDelivery.self).status == .delivered)
        let again = try await bench.send(.webhooks, .post, "/webhooks-api/deliveries/\(refused.id)/redeliver")
        #expect(again.status == 202)
        let shown = try await bench.eventually(.webhooks, "/webhooks-api/deliveries/\(refused.id)") {
            $0.text.contains("\"delivered\"")
        }
        #expect(try shown.decoded(WebhookDeliveryDetail.self).delivery.attempts == 1)
        await end(server, bench)
        _ = try await bench.send(.webhooks, .patch, path, json: #"{"url":"http://127.0.0.1:1/"}"#)
        let unreachable = try await bench.send(.webhooks, .post, path + "/test").decoded(WebhookDelivery.self)
        #expect(unreachable.error == "nobody answers at the address")
        await bench.stop()
    }

    @Test func aSubscriberThatIsGoneIsSentNothingMore() async throws {
        let bench = try await TestBench([AgentsService.self, WebhooksService.self])
        let server = HTTPServer(group: bench.base.loops, responder: Subscriber(status: 410))
        let url = "http://\(try server.listen(on: .tcp(host: "127.0.0.1", port: 0)))"
        let made = try await bench.send(.webhooks, .post, "/webhooks-api/subscriptions", json: #"{"url":"\#(url)"}"#)
        let id = try made.decoded(WebhookSubscription.self).id
        _ = try await bench.send(.agents, .post, "/agents-api", json: #"{"name":"One","model":{"provider":"runbook"}}"#)
        let ended = try await bench.eventually(.webhooks, "/webhooks-api/subscriptions/\(id)") {
            try !$0.decoded(WebhookSubscription.self).enabled
        }
        #expect(try ended.decoded(WebhookSubscription.self).enabled == false)
        #expect(try await bench.send(.webhooks, .delete, "/webhooks-api/subscriptions/\(id)").status == 204)
        await bench.stop()
        await end(server, bench)
    }
}

/// Somebody outside who takes webhooks.
final class Subscriber: Responder {
    struct Seen: Sendable {
        let headers: Headers
        let body: [UInt8]
    }

    private let state: Mutex<(status: UInt16, seen: [Seen])>

    init(status: UInt16 = 200) { state = Mutex((status, [])) }

    var seen: [Seen] { state.withLock { $0.seen } }

    func answer(_ status: UInt16) { state.withLock { $0.status = status } }

    func respond(to request: Request) async -> Response {
        // try?: a body that breaks off is an empty one, which no expectation matches.
        let body = (try? await request.body.collect(upTo: 1 << 20)) ?? []
        return state.withLock { state in
            state.seen.append(Seen(headers: request.headers, body: body))
            return Response(Status(state.status))
        }
    }
}
