import HTTP
import Models

/// Chat completions, as OpenAI and everything compatible with it speaks them.
struct OpenAIDialect: ModelDialect {
    /// `https://host/v1` as the clients of such endpoints take it; a bare host gets the usual `/v1`.
    func url(_ base: String) -> String {
        let host = base.firstRange(of: "://").map { base[$0.upperBound...] } ?? base[...]
        let path = host[(host.firstIndex(of: "/") ?? host.endIndex)...]
        return Self.join(base, path.allSatisfy { $0 == "/" } ? "/v1/chat/completions" : "/chat/completions")
    }

    func headers(key: String?) -> [(String, String)] { key.map { [("authorization", "Bearer \($0)")] } ?? [] }

    func body(_ model: AgentModel, system: String, _ messages: [ModelMessage], _ tools: [ToolDescription]) -> JSONTree {
        var all: [JSONTree] = [["role": "system", "content": .string(system)]]
        for message in messages {
            switch message {
            case .user(let text): all.append(["role": "user", "content": .string(text)])
            case .model(let message): all.append(message)
            case .results(let results):
                all += results.map { ["role": "tool", "tool_call_id": .string($0.callID), "content": .string($0.text)] }
            }
        }
        var body: JSONTree = ["model": .string(model.model ?? ""), "messages": .array(all)]
        if let temperature = model.temperature { body["temperature"] = .number(temperature) }
        body["tools"] = .array(
            tools.map { tool in
                [
                    "type": "function",
                    "function": ["name": .string(tool.name), "description": .string(tool.purpose), "parameters": tool.schema],
                ]
            })
        return body
    }

    func turn(_ answer: JSONTree) -> ModelTurn? {
        guard let choice = answer["choices"]?.items.first, let message = choice["message"], message.isObject else { return nil }
        let calls = (message["tool_calls"]?.items ?? []).compactMap { call -> ToolCall? in
            guard let function = call["function"], let name = function["name"]?.text else { return nil }
            return ToolCall(id: call["id"]?.text ?? "", name: name, arguments: arguments(function["arguments"]))
        }
        let usage = answer["usage"]
        return ModelTurn(
            text: message["content"]?.text ?? "", calls: calls,
            usage: Usage(
                inputTokens: usage?["prompt_tokens"]?.integer ?? 0, outputTokens: usage?["completion_tokens"]?.integer ?? 0,
                costUSD: usage?["cost"]?.number ?? 0),
            isTruncated: choice["finish_reason"]?.text == "length", message: message)
    }

    /// A string that holds JSON; some endpoints send the object itself.
    private func arguments(_ value: JSONTree?) -> JSONTree? {
        guard let value else { return [:] }
        if value.isObject { return value }
        guard let text = value.text else { return nil }
        if text.allSatisfy(\.isWhitespace) { return [:] }
        let parsed = try? JSONTree(parsing: Array(text.utf8))  // try?: the model is told that it wrote no JSON
        return parsed.flatMap { $0.isObject ? $0 : nil }
    }
}
