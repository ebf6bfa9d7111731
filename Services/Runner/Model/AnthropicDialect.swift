import HTTP
import Models

/// The Messages API.
struct AnthropicDialect: ModelDialect {
    private static let version = "2023-06-01"
    /// The endpoint demands a limit for each answer.
    private static let answerTokensMax: Int64 = 8192

    func url(_ base: String) -> String {
        let joined = Self.join(base, "")
        return joined.hasSuffix("/v1") ? joined + "/messages" : joined + "/v1/messages"
    }

    func headers(key: String?) -> [(String, String)] {
        [("anthropic-version", Self.version)] + (key.map { [("x-api-key", $0)] } ?? [])
    }

    func body(_ model: AgentModel, system: String, _ messages: [ModelMessage], _ tools: [ToolDescription]) -> JSONTree {
        let all: [JSONTree] = messages.map { message in
            switch message {
            case .user(let text): ["role": "user", "content": .string(text)]
            case .model(let message): message
            case .results(let results):
                [
                    "role": "user",
                    "content": .array(
                        results.map { result in
                            [
                                "type": "tool_result", "tool_use_id": .string(result.callID), "content": .string(result.text),
                                "is_error": .bool(result.isError),
                            ]
                        }),
                ]
            }
        }
        var body: JSONTree = [
            "model": .string(model.model ?? ""), "max_tokens": .integer(Self.answerTokensMax), "system": .string(system),
            "messages": .array(all),
        ]
        // The endpoint's scale ends at 1, where others' ends at 2.
        if let temperature = model.temperature { body["temperature"] = .number(min(1, temperature)) }
        body["tools"] = .array(
            tools.map { ["name": .string($0.name), "description": .string($0.purpose), "input_schema": $0.schema] })
        return body
    }

    func turn(_ answer: JSONTree) -> ModelTurn? {
        guard case .array(let blocks)? = answer["content"] else { return nil }
        let text = blocks.filter { $0["type"]?.text == "text" }.compactMap { $0["text"]?.text }.joined(separator: "\n")
        let calls = blocks.filter { $0["type"]?.text == "tool_use" }.compactMap { block -> ToolCall? in
            guard let name = block["name"]?.text else { return nil }
            return ToolCall(id: block["id"]?.text ?? "", name: name, arguments: block["input"].flatMap { $0.isObject ? $0 : nil })
        }
        let usage = answer["usage"]
        let cached = (usage?["cache_creation_input_tokens"]?.integer ?? 0) + (usage?["cache_read_input_tokens"]?.integer ?? 0)
        return ModelTurn(
            text: text, calls: calls,
            usage: Usage(
                inputTokens: (usage?["input_tokens"]?.integer ?? 0) + cached,
                outputTokens: usage?["output_tokens"]?.integer ?? 0),
            isTruncated: answer["stop_reason"]?.text == "max_tokens",
            message: ["role": "assistant", "content": .array(blocks)])
    }
}
