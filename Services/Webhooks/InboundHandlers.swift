import HTTP
import Identity
import Models
import Service
import Storage

/// Webhooks that come in. The provider's signature stands for a credential.
struct InboundHandlers: Sendable {
    let endpoints: EndpointStore
    let deliveries: DeliveryStore
    let secrets: SecretStore

    /// What answers at a provider's path, for whichever of its endpoints the signature is of.
    func receive(_ provider: WebhookProvider) -> @Sendable (Call) async throws -> Accepted<WebhookReceipt> {
        { call in
            let body = try await call.request.body.collect(upTo: call.environment.configuration.bodyBytesMax)
            let found = try await call.read { try endpoints.all(of: provider, in: $0) }
            return try await take(body, for: found, provider, call)
        }
    }

    /// What answers at an endpoint's own path.
    func receive(_ provider: WebhookProvider, at parameter: StaticString)
        -> @Sendable (Call) async throws -> Accepted<WebhookReceipt>
    {
        { call in
            let body = try await call.request.body.collect(upTo: call.environment.configuration.bodyBytesMax)
            let id = call.parameter(parameter)
            guard let found = try await call.read({ try endpoints.find(id, of: provider, in: $0) }) else {
                throw ServiceError.notFound(WebhookEndpoint.noun)
            }
            return try await take(body, for: [found], provider, call)
        }
    }

    /// - Throws: 401 when no endpoint's secret made the signature; 400 for a body that cannot be read.
    private func take(
        _ body: [UInt8], for candidates: [WebhookEndpoint], _ provider: WebhookProvider, _ call: Call
    ) async throws -> Accepted<WebhookReceipt> {
        let headers = call.request.headers
        let signed = try await call.read { reader in
            try candidates.first { endpoint in
                guard let secret = try secrets.secret(of: endpoint.id, workspace: endpoint.workspaceID, in: reader) else {
                    return false
                }
                return WebhookSignature.isValid(provider, headers, body: body, secret: secret, now: call.now)
            }
        }
        guard let endpoint = signed else {
            throw ServiceError(.unauthenticated, "no valid signature of this provider was sent")
        }
        let message = try InboundMessage(provider, headers, body: body)
        let delivery = InboundHandlers.delivery(of: message, to: endpoint, at: call.now)
        return try await call.write { transaction in
            if let seen = try deliveries.find(
                delivery.messageID, from: endpoint.id, workspace: endpoint.workspaceID, in: transaction)
            {
                return Accepted(WebhookReceipt(id: seen, status: "duplicate"))
            }
            let stored = try deliveries.insert(delivery, payload: message.payload, in: transaction)
            if delivery.status == .received {
                try InboundHandlers.tell(of: stored, delivery, call.environment, in: transaction)
            }
            return Accepted(WebhookReceipt(id: delivery.id, status: delivery.status.rawValue))
        }
    }

    private static func delivery(
        of message: InboundMessage, to endpoint: WebhookEndpoint, at time: Timestamp
    ) -> WebhookDelivery {
        let rule = endpoint.rules.first { EventPattern.matches($0.event, message.event) }
        let id = Identifier.make("dlv", at: time)
        var delivery = WebhookDelivery(
            id: id, workspaceID: endpoint.workspaceID, direction: .inbound,
            status: rule?.action == "ignore" ? .ignored : .received, event: message.event, messageID: message.messageID ?? id,
            projectID: endpoint.projectID, createdAt: time)
        delivery.endpointID = endpoint.id
        delivery.provider = endpoint.provider
        delivery.integrationID = endpoint.integrationID
        delivery.action = rule?.action
        delivery.attempts = 1
        return delivery
    }

    /// Emits `webhook.received`. What was in it can be asked for by the delivery's id.
    static func tell(
        of stored: Stored<WebhookDelivery>, _ delivery: WebhookDelivery, _ environment: ServiceEnvironment,
        in transaction: Transaction
    ) throws {
        let provider = delivery.provider?.rawValue ?? "webhook"
        try environment.emit(
            "webhook.received", stored, project: delivery.projectID, workspace: stored.workspace,
            actor: Actor(type: .service, id: provider, name: provider), in: transaction)
    }
}
