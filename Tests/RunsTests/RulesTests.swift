import Models
import Testing

@testable import Runs

@Suite struct RulesTests {
    private let now = Timestamp(milliseconds: 1_000_000_000)

    private func create(_ status: TaskStatus, agent: Agent = .test(), timeout: Double? = nil) throws -> Run {
        try RunRules.create(
            id: "run_1", for: .test { $0.status = status }, by: agent, timeoutSeconds: timeout, requestedBy: .suite, at: now)
    }

    @Test(arguments: [TaskStatus.ready, .failed, .interrupted, .review])
    func aTaskThatCanBeWorkedOnGetsARun(_ status: TaskStatus) throws {
        let run = try create(status)
        #expect(run.status == .queued)
        #expect(run.attempt == 1)
        #expect(run.timeoutSeconds == 3600)
    }

    @Test(arguments: [TaskStatus.draft, .blocked, .completed, .cancelled])
    func aTaskInAnotherStatusIsAConflict(_ status: TaskStatus) {
        #expect { try create(status) } throws: { ($0 as? ServiceError)?.kind == .conflict }
    }

    @Test func aDisabledAgentIsAConflict() {
        #expect { try create(.ready, agent: .test { $0.enabled = false }) } throws: {
            ($0 as? ServiceError)?.code == "agent_disabled"
        }
    }

    @Test(arguments: [0, -1, .infinity, .nan, 1e9])
    func aTimeoutOutOfRangeIsRefused(_ seconds: Double) {
        #expect { try create(.ready, timeout: seconds) } throws: { ($0 as? ServiceError)?.field == "timeout_seconds" }
    }

    @Test func theTimeoutIsTheRequestsElseTheAgents() {
        let agent = Agent.test { $0.runtime.timeoutMinutes = 2 }
        #expect(RunRules.timeout(requested: 5, agent: agent) == 5)
        #expect(RunRules.timeout(requested: nil, agent: agent) == 120)
        #expect(RunRules.timeout(requested: nil, agent: nil) == 3600)
    }

    @Test func aRunIsTriedAgainUntilItsAttemptsAreUsedUp() {
        #expect(RunRules.isRetried(losses: 1, by: RetryPolicy(maxAttempts: 2)))
        #expect(!RunRules.isRetried(losses: 2, by: RetryPolicy(maxAttempts: 2)))
        #expect(!RunRules.isRetried(losses: 1, by: RetryPolicy(maxAttempts: 1)))
    }

    @Test func usageAddsUpOverAttemptsAndNeverFalls() {
        let earlier = Usage(inputTokens: 100, outputTokens: 10, costUSD: 1)
        let first = RunRules.usage(earlier, earlier: earlier, reported: Usage(inputTokens: 5, outputTokens: 5, costUSD: 0.5))
        #expect(first == Usage(inputTokens: 105, outputTokens: 15, costUSD: 1.5))
        let late = RunRules.usage(first, earlier: earlier, reported: Usage(inputTokens: 1))
        #expect(late == first)
    }

    @Test func eachBudgetIsWatched() {
        let usage = Usage(inputTokens: 60, outputTokens: 50, costUSD: 2)
        #expect(RunRules.overBudget(usage, costToday: 2, AgentBudget()) == nil)
        #expect(RunRules.overBudget(usage, costToday: 2, AgentBudget(maxTokensPerRun: 110)) == nil)
        #expect(
            RunRules.overBudget(usage, costToday: 2, AgentBudget(maxTokensPerRun: 109))?.contains("max_tokens_per_run") == true)
        #expect(
            RunRules.overBudget(usage, costToday: 2, AgentBudget(maxCostUSDPerRun: 1))?.contains("max_cost_usd_per_run") == true)
        #expect(
            RunRules.overBudget(usage, costToday: 9, AgentBudget(maxCostUSDPerDay: 8))?.contains("max_cost_usd_per_day") == true)
    }

    @Test func anExitWithoutAResultHasANamedReasonOrIsALoss() {
        #expect(RunnerExit.exited(0).outcome?.failure?.reason == .agentError)
        #expect(RunnerExit.exited(1).outcome == nil)
        #expect(RunnerExit.exited(2).outcome?.failure?.reason == .launchFailed)
        #expect(RunnerExit.exited(64).outcome?.exitCode == 64)
        #expect(RunnerExit.signalled(11).outcome?.failure?.reason == .agentError)
        #expect(RunnerExit.outOfMemory.outcome?.failure?.reason == .outOfMemory)
        #expect(RunnerExit.signalled(9).outcome == nil)
        #expect(RunnerExit.signalled(15).outcome == nil)
        #expect(RunnerExit.unseen.outcome == nil)
    }

    @Test(arguments: ["changes.diff", "a", "Report_1-2.tar.gz", String(repeating: "x", count: 128)])
    func safeNamesAreTaken(_ name: String) throws { try ArtifactRules.check(name: name) }

    @Test(arguments: ["", ".", "..", ".hidden", "a/b", "a b", "ä", "a\"b", "a\nb", String(repeating: "x", count: 129)])
    func otherNamesAreRefused(_ name: String) {
        #expect { try ArtifactRules.check(name: name) } throws: { ($0 as? ServiceError)?.kind == .validation }
    }

    @Test func quantitiesAreRead() {
        #expect(Quantity.bytes("4Gi") == 4_294_967_296)
        #expect(Quantity.bytes("500M") == 500_000_000)
        #expect(Quantity.bytes("1024") == 1024)
        #expect(Quantity.bytes("0.5Gi") == 536_870_912)
        #expect(Quantity.bytes("lots") == nil)
        #expect(Quantity.bytes("-1Gi") == nil)
    }

    @Test func onlyNamesOfTheirOwnAreSecrets() {
        #expect(SecretFolder.isName("OPENAI_API_KEY"))
        #expect(!SecretFolder.isName("NEXUS_AGENT_TOKEN"))
        #expect(!SecretFolder.isName("PATH"))
        #expect(!SecretFolder.isName("../x"))
        #expect(!SecretFolder.isName(""))
    }
}
