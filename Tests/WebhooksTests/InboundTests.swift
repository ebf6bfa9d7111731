import HTTP
import Identity
import Models
import Service
import SuiteTesting
import Testing

@testable import Webhooks

/// Webhooks that come in, through the router, and the endpoints that they come to.
@Suite struct InboundTests {
    static let payload = #"{"action":"opened","issue":{"number":7}}"#

    static func signed(_ payload: String, _ secret: String, id: String, event: String = "issues") -> [(String, String)] {
        let mac = WebhookSignature.hex(Digest.hmacSHA256(Array(payload.utf8), key: Array(secret.utf8)))
        return [
            ("x-hub-signature-256", "sha256=" + String(decoding: mac, as: UTF8.self)), ("x-github-delivery", id),
            ("x-github-event", event), ("content-type", "application/json"),
        ]
    }

    @Test func anEndpointsSecretIsWrittenAndNeverRead() async throws {
        let bench = try await TestBench([WebhooksService.self])
        let created = try await bench.send(
            .webhooks, .post, "/webhooks-api/endpoints",
            json: #"{"provider":"github","name":"Main","secret":"top-secret-1","rules":[{"event":"push","action":"ignore"}]}"#)
        #expect(created.status == 201)
        let endpoint = try created.decoded(WebhookEndpoint.self)
        #expect(endpoint.hasSecret)
        let path = "/webhooks-api/endpoints/\(endpoint.id)"
        let changed = try await bench.send(.webhooks, .patch, path, json: #"{"name":"Second","secret":"top-secret-2"}"#)
        #expect(changed.status == 200)
        let list = try await bench.send(.webhooks, .get, "/webhooks-api/endpoints?provider=github")
        for answer in [created, changed, list, try await bench.send(.webhooks, .get, path)] {
            #expect(!answer.text.contains("top-secret"))
            #expect(answer.text.contains(endpoint.id))
        }
        let kept = try await bench.hosts[.webhooks]?.environment.database.read { reader in
            try reader.one("SELECT sealed FROM webhook_secrets WHERE owner_id = ?", endpoint.id) { $0.bytes(0) }
        }
        #expect(kept.flatMap { $0 }.map { !String(decoding: $0, as: UTF8.self).contains("top-secret") } == true)
        #expect(try await bench.send(.webhooks, .delete, path).status == 204)
        #expect(try await bench.send(.webhooks, .get, path).status == 404)
        await bench.stop()
    }

    @Test func badBodiesNameTheFieldAndRolesHold() async throws {
        let bench = try await TestBench([WebhooksService.self], fakes: [.goals: NothingThere(), .board: NothingThere()])
        for (body, field) in [
            (#"{"name":"x"}"#, "provider"), (#"{"provider":"svn","name":"x"}"#, "provider"), (#"{"provider":"ci"}"#, "name"),
            (#"{"provider":"ci","name":"x","secret":""}"#, "secret"),
            (#"{"provider":"ci","name":"x","project_id":"none"}"#, "project_id"),
            (#"{"provider":"ci","name":"x","integration_id":"none"}"#, "integration_id"),
            (#"{"provider":"ci","name":"x","rules":[{"action":"a"}]}"#, "rules[0].event"),
            (#"{"provider":"ci","name":"x","rules":[{"event":"a*b"}]}"#, "rules[0].event"),
        ] {
            let answer = try await bench.send(.webhooks, .post, "/webhooks-api/endpoints", json: body)
            #expect(answer.status == 400)
            #expect(try answer.json()["field"]?.string == field, "\(answer.text)")
        }
        for (body, field) in [
            (#"{}"#, "url"), (#"{"url":"ftp://x"}"#, "url"), (#"{"url":"http://a b"}"#, "url"),
            (#"{"url":"http://x.test","events":[]}"#, "events"), (#"{"url":"http://x.test","events":["*x"]}"#, "events[0]"),
        ] {
            let answer = try await bench.send(.webhooks, .post, "/webhooks-api/subscriptions", json: body)
            #expect(answer.status == 400)
            #expect(try answer.json()["field"]?.string == field, "\(answer.text)")
        }
        for path in ["endpoints", "subscriptions", "deliveries"] {
            let answer = try await bench.send(.webhooks, .get, "/webhooks-api/\(path)", as: TestBench.user(.manager))
            #expect(answer.status == 403)
            #expect(try await bench.send(.webhooks, .get, "/webhooks-api/\(path)", as: TestBench.user(.admin)).status == 200)
        }
        await bench.stop()
    }

    @Test func aSignedWebhookIsTakenOnceAndToldOf() async throws {
        let bench = try await TestBench([WebhooksService.self])
        let made = try await bench.send(
            .webhooks, .post, "/webhooks-api/endpoints",
            json: #"{"provider":"github","name":"Main","secret":"s1","rules":[{"event":"issues.*","action":"sync"}]}"#)
        let endpoint = try made.decoded(WebhookEndpoint.self)
        let path = "/webhooks-api/github/\(endpoint.id)"
        let headers = Self.signed(Self.payload, "s1", id: "d-1")
        let taken = try await bench.send(.webhooks, .post, path, json: Self.payload, headers: headers, as: nil)
        #expect(taken.status == 202)
        let receipt = try taken.decoded(WebhookReceipt.self)
        #expect(receipt.status == "received")
        let again = try await bench.send(.webhooks, .post, path, json: Self.payload, headers: headers, as: nil)
        #expect(again.status == 202)
        #expect(try again.decoded(WebhookReceipt.self).status == "duplicate")
        #expect(try again.decoded(WebhookReceipt.self).id == receipt.id)
        let shared = try await bench.send(.webhooks, .post, "/webhooks-api/github", json: Self.payload, headers: headers, as: nil)
        #expect(try shared.decoded(WebhookReceipt.self).status == "duplicate")

        let shown = try await bench.send(.webhooks, .get, "/webhooks-api/deliveries/\(receipt.id)")
        let detail = try shown.decoded(WebhookDeliveryDetail.self)
        #expect(detail.delivery.event == "issues.opened")
        #expect(detail.delivery.action == "sync")
        #expect(detail.payload?["issue"]?["number"]?.integer == 7)
        #expect(try await told(bench) == 1)
        let redelivered = try await bench.send(.webhooks, .post, "/webhooks-api/deliveries/\(receipt.id)/redeliver")
        #expect(redelivered.status == 202)
        #expect(try redelivered.decoded(WebhookDelivery.self).attempts == 2)
        #expect(try await told(bench) == 2)
        await bench.stop()
    }

    @Test func anythingUnsignedIsRefusedAndLeavesNothing() async throws {
        let bench = try await TestBench([WebhooksService.self])
        let made = try await bench.send(
            .webhooks, .post, "/webhooks-api/endpoints", json: #"{"provider":"github","name":"Main","secret":"s1"}"#)
        let endpoint = try made.decoded(WebhookEndpoint.self)
        let bare = try await bench.send(.webhooks, .post, "/webhooks-api/endpoints", json: #"{"provider":"plane","name":"P"}"#)
        let unsecured = try bare.decoded(WebhookEndpoint.self)
        let good = Self.signed(Self.payload, "s1", id: "d-1")
        for (path, headers, body, status) in [
            ("/github/\(endpoint.id)", Self.signed(Self.payload, "wrong", id: "d-1"), Self.payload, UInt16(401)),
            ("/github/\(endpoint.id)", good, Self.payload + " ", 401),
            ("/github/\(endpoint.id)", [], Self.payload, 401),
            ("/github", Self.signed(Self.payload, "wrong", id: "d-1"), Self.payload, 401),
            ("/gitlab", good, Self.payload, 401),
            ("/plane/\(unsecured.id)", [("x-plane-signature", "")], "{}", 401),
            ("/gitlab/\(endpoint.id)", good, Self.payload, 404),
            ("/github/hook_none", good, Self.payload, 404),
            ("/svn", good, Self.payload, 404),
            ("/github/\(endpoint.id)", Self.signed("[]", "s1", id: "d-2"), "[]", 400),
            ("/github/\(endpoint.id)", Self.signed("nonsense", "s1", id: "d-2"), "nonsense", 400),
        ] {
            let answer = try await bench.send(.webhooks, .post, "/webhooks-api" + path, json: body, headers: headers, as: nil)
            #expect(answer.status == status, "\(path): \(answer.text)")
        }
        #expect(try await bench.send(.webhooks, .get, "/webhooks-api/deliveries").json()["deliveries"] == .array([]))
        _ = try await bench.send(.webhooks, .patch, "/webhooks-api/endpoints/\(endpoint.id)", json: #"{"enabled":false}"#)
        let off = try await bench.send(
            .webhooks, .post, "/webhooks-api/github/\(endpoint.id)", json: Self.payload, headers: good, as: nil)
        #expect(off.status == 404)
        await bench.stop()
    }

    @Test func anIgnoredOneIsRecordedAndNotToldOf() async throws {
        let bench = try await TestBench([WebhooksService.self])
        _ = try await bench.send(
            .webhooks, .post, "/webhooks-api/endpoints",
            json: #"{"provider":"github","name":"Main","secret":"s1","rules":[{"event":"push","action":"ignore"}]}"#)
        let body = #"payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D"#
        let headers = Self.signed(body, "s1", id: "d-1", event: "push").filter { $0.0 != "content-type" }
        let answer = try await bench.send(
            .webhooks, .post, "/webhooks-api/github", json: body,
            headers: headers + [("content-type", "application/x-www-form-urlencoded")], as: nil)
        #expect(answer.status == 202)
        #expect(try answer.decoded(WebhookReceipt.self).status == "ignored")
        #expect(try await told(bench) == 0)
        #expect(try await bench.send(.webhooks, .get, "/webhooks-api/deliveries?status=ignored").text.contains("\"push\""))
        await bench.stop()
    }

    private func told(_ bench: TestBench) async throws -> Int64? {
        try await bench.hosts[.webhooks]?.environment.database.read {
            try $0.one("SELECT count(*) FROM outbox WHERE type = 'webhook.received'") { $0.int(0) }
        } ?? nil
    }
}

/// A service that has nothing.
struct NothingThere: Responder {
    func respond(to request: Request) async -> Response {
        Response.json(Array(#"{"error":"not there","code":"not_found"}"#.utf8), status: .notFound)
    }
}
