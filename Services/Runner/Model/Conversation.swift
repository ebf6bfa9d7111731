import Client
import HTTP
import Models

extension AgentWork {
    /// Turns after which a model that has not finished is not going to.
    private static let turnsMax = 200
    /// Turns in a row that name no tool as it is.
    private static let mistakesMax = 5

    /// Lets the agent's model work with its tools until it says that it has finished.
    func converse() async throws -> AgentOutcome {
        let endpoint = try ModelEndpoint(context.agent.model, secrets: secrets, client: client, retry: modelRetry)
        let tools = AgentTools(self)
        let prompt = Prompt(context)
        var messages: [ModelMessage] = [.user(prompt.task)]
        var used = Usage()
        var mistakes = 0
        for _ in 0..<AgentWork.turnsMax {
            try await control.waitWhilePaused()
            let turn = try await endpoint.turn(system: prompt.system + AgentTools.manner, messages, tools.descriptions)
            used = used + turn.usage
            control.pause(try await api.report(used).pause ?? false)
            for line in turn.text.split(separator: "\n") { await logs.add(.model, String(line)) }
            if let over = overspent(used) { return .failed(.overBudget, over) }
            messages.append(.model(turn.message))
            if turn.calls.isEmpty {
                if turn.isTruncated {
                    messages.append(.user("Your answer was cut off. Go on, in smaller steps."))
                    continue
                }
                return .succeeded(summary(of: turn.text))
            }
            var results: [ToolResult] = []
            for call in turn.calls {
                if let finished = tools.finished(call) { return finished }
                let result = try await tools.perform(call)
                if result.isMistake { await logs.add(.tool, result.text, level: "warning") }
                results.append(result)
            }
            mistakes = results.allSatisfy(\.isMistake) ? mistakes + 1 : 0
            if mistakes == AgentWork.mistakesMax {
                return .failed(.modelError, "the model calls no tool as it is: \(results[0].text)")
            }
            messages.append(.results(results))
        }
        return .failed(.agentError, "the model has not finished after \(AgentWork.turnsMax) turns")
    }

    private func overspent(_ used: Usage) -> String? {
        let budget = context.agent.budget
        let tokens = used.inputTokens + used.outputTokens
        if let max = budget.maxTokensPerRun, tokens > max {
            return "\(tokens) tokens used, of \(max) that the agent's budget allows"
        }
        if let max = budget.maxCostUSDPerRun, used.costUSD > max {
            return "\(used.costUSD) USD spent, of \(max) that the agent's budget allows"
        }
        return nil
    }

    private func summary(of text: String) -> String {
        let line = text.split(separator: "\n").first { !$0.allSatisfy(\.isWhitespace) }
        return line.map { String($0.prefix(Runbook.quotedCharactersMax)) } ?? "finished"
    }
}

extension Usage {
    static func + (left: Usage, right: Usage) -> Usage {
        Usage(
            inputTokens: left.inputTokens + right.inputTokens, outputTokens: left.outputTokens + right.outputTokens,
            costUSD: left.costUSD + right.costUSD)
    }
}
