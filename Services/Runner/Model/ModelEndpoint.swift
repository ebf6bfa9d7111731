import Client
import HTTP
import Models

/// A model's endpoint, asked for one turn at a time.
struct ModelEndpoint: Sendable {
    /// A large model takes its time for a long answer.
    private static let turnTimeout = Duration.seconds(600)
    private static let quotedCharactersMax = 300

    let client: HTTPClient
    let model: AgentModel
    let dialect: any ModelDialect
    let retry: Retry
    private let base: String
    private let key: String?

    /// - Parameter secrets: where the endpoint's key is, by its name.
    /// - Throws: `RunFailed` `model_error` for an agent whose model cannot be asked.
    init(_ model: AgentModel, secrets: [String: String], client: HTTPClient, retry: Retry) throws {
        guard let base = model.baseURL, !base.isEmpty else {
            throw RunFailed(.modelError, "the agent's model has no base_url: there is nobody to ask")
        }
        if let name = model.apiKeyRef, secrets[name] == nil {
            throw RunFailed(.modelError, "the secret \(name), which model.api_key_ref names, was not given to this run")
        }
        self.model = model
        self.base = base
        self.client = client
        self.retry = retry
        key = model.apiKeyRef.flatMap { secrets[$0] }
        dialect = model.provider == .anthropic ? AnthropicDialect() : OpenAIDialect()
    }

    /// The model's next turn.
    /// - Throws: `RunFailed` `model_rate_limited` or `model_error` once trying again does not help; `CancellationError`.
    func turn(system: String, _ messages: [ModelMessage], _ tools: [ToolDescription]) async throws -> ModelTurn {
        var request = OutboundRequest.json(
            .post, dialect.url(base), try JSON.encode(dialect.body(model, system: system, messages, tools)))
        request.timeout = ModelEndpoint.turnTimeout
        for (name, value) in dialect.headers(key: key) { request.headers.add(name, value) }
        let response: OutboundResponse
        do { response = try await retry.send(request, with: client) } catch let error as ClientError {
            throw RunFailed(.modelError, "the model's endpoint does not answer: \(error)")
        }
        guard response.isSuccess else {
            let reason: FailureReason = response.status.code == 429 ? .modelRateLimited : .modelError
            throw RunFailed(reason, "the model's endpoint answered \(response.status.code): \(ModelEndpoint.message(response))")
        }
        let answer = try? JSONTree(parsing: response.body)  // try?: the same as an answer that is none
        guard let turn = answer.flatMap(dialect.turn) else {
            throw RunFailed(
                .modelError, "the model's endpoint answered what is no completion: \(ModelEndpoint.message(response))")
        }
        return turn
    }

    /// What an error says of itself, else the start of whatever came.
    private static func message(_ response: OutboundResponse) -> String {
        let tree = try? JSONTree(parsing: response.body)  // try?: an error need not be JSON
        let message = tree?["error"]?["message"]?.text ?? tree?["error"]?.text ?? response.text
        return String(message.prefix(quotedCharactersMax))
    }
}
