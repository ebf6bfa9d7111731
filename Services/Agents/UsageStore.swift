import Models
import Storage

/// What agents have used, a row a day.
struct UsageStore: Sendable {
    /// Adds a run that has ended.
    func record(_ run: Run, in transaction: Transaction) throws {
        let day = String((run.finishedAt ?? run.updatedAt).rfc3339.prefix(10))
        _ = try transaction.run(
            """
            INSERT INTO agent_usage (workspace_id, agent_id, day, runs, succeeded, input_tokens, output_tokens, cost_usd)
            VALUES (?, ?, ?, 1, ?, ?, ?, ?)
            ON CONFLICT (workspace_id, agent_id, day) DO UPDATE SET
                runs = runs + 1, succeeded = succeeded + excluded.succeeded, input_tokens = input_tokens + excluded.input_tokens,
                output_tokens = output_tokens + excluded.output_tokens, cost_usd = cost_usd + excluded.cost_usd
            """,
            run.workspaceID, run.agentID, day, run.status == .succeeded ? 1 : 0, run.usage.inputTokens, run.usage.outputTokens,
            run.usage.costUSD)
    }

    /// All that an agent has used, and what of it today.
    func usage(of agent: Agent, now: Timestamp, in reader: any SQLReader) throws -> AgentUsage {
        let all = try sum("", agent, [], in: reader)
        let today = try sum(" AND day = ?", agent, [String(now.rfc3339.prefix(10))], in: reader)
        let remaining = agent.budget.maxCostUSDPerDay.map { max(0, $0 - today.usage.costUSD) }
        return AgentUsage(
            agentID: agent.id, runs: all.runs, succeeded: all.succeeded, failed: all.runs - all.succeeded, usage: all.usage,
            today: today.usage, budget: agent.budget, remainingCostUSDToday: remaining)
    }

    private func sum(
        _ condition: String, _ agent: Agent, _ arguments: [any SQLBindable], in reader: any SQLReader
    ) throws -> (runs: Int, succeeded: Int, usage: Usage) {
        let row = try reader.one(
            """
            SELECT coalesce(sum(runs), 0), coalesce(sum(succeeded), 0), coalesce(sum(input_tokens), 0),
                coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0.0)
            FROM agent_usage WHERE workspace_id = ? AND agent_id = ?\(condition)
            """,
            arguments: [agent.workspaceID, agent.id] + arguments
        ) { row in
            (
                Int(row.int(0)), Int(row.int(1)),
                Usage(inputTokens: row.int(2), outputTokens: row.int(3), costUSD: row.double(4))
            )
        }
        return row ?? (0, 0, Usage())
    }
}
