import HTTP
import Identity
import Models
import Testing

@testable import Webhooks

/// Signatures by value, against examples that their schemes' own documents give.
@Suite struct SignatureTests {
    static let now = Timestamp(milliseconds: 1_614_265_330_000)

    private func isValid(
        _ provider: WebhookProvider, _ headers: [(String, String)], _ body: String, _ secret: String, at now: Timestamp = now
    ) -> Bool {
        var head = Headers()
        for (name, value) in headers { head.add(name, value) }
        return WebhookSignature.isValid(provider, head, body: Array(body.utf8), secret: Array(secret.utf8), now: now)
    }

    @Test func gitHubsExampleIsValid() {
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        let secret = "It's a Secret to Everybody"
        #expect(isValid(.github, [("X-Hub-Signature-256", signature)], "Hello, World!", secret))
        #expect(!isValid(.github, [("X-Hub-Signature-256", signature)], "Hello, World?", secret))
        #expect(!isValid(.github, [("X-Hub-Signature-256", signature)], "Hello, World!", "another"))
        #expect(!isValid(.github, [("X-Hub-Signature-256", String(signature.dropLast()))], "Hello, World!", secret))
        #expect(!isValid(.github, [("X-Hub-Signature-256", String(signature.dropFirst(7)))], "Hello, World!", secret))
        #expect(!isValid(.github, [("X-Hub-Signature", signature)], "Hello, World!", secret))
        #expect(!isValid(.github, [], "Hello, World!", secret))
        #expect(isValid(.jira, [("x-hub-signature", signature)], "Hello, World!", secret))
        #expect(isValid(.plane, [("x-plane-signature", String(signature.dropFirst(7)))], "Hello, World!", secret))
        #expect(!isValid(.plane, [("x-plane-signature", "")], "Hello, World!", secret))
    }

    @Test func gitLabSendsTheTokenItself() {
        #expect(isValid(.gitlab, [("X-Gitlab-Token", "s3cret")], "{}", "s3cret"))
        #expect(!isValid(.gitlab, [("X-Gitlab-Token", "s3cret ")], "{}", "s3cret"))
        #expect(!isValid(.gitlab, [("X-Gitlab-Token", "")], "{}", "s3cret"))
        #expect(!isValid(.gitlab, [], "{}", "s3cret"))
    }

    @Test func standardWebhooksExampleIsValid() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let body = #"{"test": 2432232314}"#
        let headers = [("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330")]
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        #expect(isValid(.ci, headers + [("webhook-signature", signature)], body, secret))
        #expect(isValid(.ci, headers + [("webhook-signature", "v1,AAAA v2,x \(signature)")], body, secret))
        #expect(!isValid(.ci, headers + [("webhook-signature", "v1,AAAA")], body, secret))
        #expect(!isValid(.ci, headers + [("webhook-signature", signature)], body + " ", secret))
        #expect(!isValid(.ci, headers, body, secret))
        for seconds in [-301.0, 301] {
            let late = Self.now.adding(seconds: seconds)
            #expect(!isValid(.ci, headers + [("webhook-signature", signature)], body, secret, at: late))
        }
        let signed = StandardWebhooks.sign(Array(body.utf8), id: headers[0].1, at: Self.now, secret: Array(secret.utf8))
        #expect(signed["webhook-signature"] == signature)
    }

    @Test func patternsMatchKindsOfEvents() {
        for (pattern, event, matches) in [
            ("*", "task.updated", true), ("task.*", "task.updated", true), ("task.updated", "task.updated", true),
            ("task.*", "tasks.updated", false), ("task.*", "task", false), ("task", "task.updated", false),
        ] {
            #expect(EventPattern.matches(pattern, event) == matches, "\(pattern) \(event)")
        }
    }

    @Test func sendsAreRepeatedWithLongerPausesAndThenGivenUp() {
        var delivery = WebhookDelivery(
            id: "dlv_1", workspaceID: "default", direction: .outbound, status: .pending, event: "x", messageID: "evt_1",
            createdAt: Self.now)
        var pauses: [Double] = []
        let refused = DeliveryOutcome(status: 500)
        while delivery.status == .pending {
            delivery = refused.applied(to: delivery, retries: true, at: Self.now)
            if let next = delivery.nextAttemptAt { pauses.append(next.seconds(since: Self.now)) }
        }
        #expect(delivery.status == .failed)
        #expect(delivery.attempts == DeliveryOutcome.attemptsMax)
        #expect(pauses == DeliveryOutcome.pauses)
        delivery.attempts = 0
        let asked = DeliveryOutcome(status: 429, retryAfterSeconds: 60).applied(to: delivery, retries: true, at: Self.now)
        #expect(asked.nextAttemptAt == Self.now.adding(seconds: 60))
        #expect(DeliveryOutcome(status: 410).applied(to: delivery, retries: true, at: Self.now).status == .failed)
        #expect(DeliveryOutcome(status: 204).applied(to: delivery, retries: true, at: Self.now).status == .delivered)
        #expect(DeliveryOutcome(error: "x").applied(to: delivery, retries: false, at: Self.now).status == .failed)
    }
}
