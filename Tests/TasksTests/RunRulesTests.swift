import Models
import Testing

@testable import Tasks

/// What the reports of runs do to a task, in order, repeated, and out of order.
@Suite struct RunRulesTests {
    static let now = TaskRulesTests.now

    static func run(_ status: RunStatus, _ id: String = "run_1", attempt: Int = 1, at milliseconds: Int64 = 0) -> Run {
        let time = Timestamp(milliseconds: now.milliseconds + milliseconds)
        return Run(
            id: id, workspaceID: "default", taskID: "task_1", agentID: "agent_a", status: status, attempt: attempt,
            createdAt: time,
            updatedAt: time)
    }

    /// A task with what is known of its runs.
    struct Known {
        var task: AgentTask
        var runs: [String: RunRecord] = [:]

        /// Applies a report; gives whether the run is refused, or nil when nothing was taken.
        @discardableResult
        mutating func take(_ run: Run, isFinal: Bool? = nil, isReviewed: Bool = false) -> Bool? {
            let verdict = TaskRules.take(
                run, isFinal: isFinal ?? run.status.isFinal, on: task, known: runs[run.id],
                current: task.runID.flatMap { runs[$0] },
                isReviewed: isReviewed, at: RunRulesTests.now)
            switch verdict {
            case .stale: return nil
            case .recorded(let record):
                runs[run.id] = record
                return nil
            case .taken(let after, let record, let refuses):
                task = after
                runs[run.id] = record
                return refuses
            }
        }
    }

    @Test(arguments: [
        (RunStatus.succeeded, false, TaskStatus.completed), (.succeeded, true, .review), (.failed, false, .failed),
        (.timedOut, false, .failed), (.lost, false, .failed), (.cancelled, false, .interrupted),
    ])
    func anOutcomeDecidesTheTask(outcome: RunStatus, isReviewed: Bool, expected: TaskStatus) {
        var known = Known(task: TaskRulesTests.task(.ready, approved: true))
        known.take(Self.run(.queued))
        #expect(known.task.status == .queued && known.task.runID == "run_1" && known.task.runs == 1)
        known.take(Self.run(.running))
        #expect(known.task.status == .running && known.task.startedAt != nil)
        known.take(Self.run(outcome), isReviewed: isReviewed)
        #expect(known.task.status == expected)
        #expect((known.task.failure != nil) == (expected == .failed || expected == .interrupted))
    }

    @Test func reportsThatComeTwiceOrLateChangeNothing() {
        var known = Known(task: TaskRulesTests.task(.ready, approved: true))
        for run in [Self.run(.queued), Self.run(.running), Self.run(.succeeded)] { known.take(run) }
        let after = known.task
        for run in [Self.run(.queued), Self.run(.running), Self.run(.succeeded), Self.run(.failed)] {
            #expect(known.take(run) == nil)
            #expect(known.task == after)
        }
    }

    @Test func anOutcomeThatOvertakesItsStartCounts() {
        var known = Known(task: TaskRulesTests.task(.ready, approved: true))
        known.take(Self.run(.succeeded))
        #expect(known.task.status == .completed && known.task.runs == 1)
        known.take(Self.run(.queued))
        known.take(Self.run(.running))
        #expect(known.task.status == .completed)
    }

    @Test func anOlderRunOfTheSameTaskChangesNothing() {
        var known = Known(task: TaskRulesTests.task(.ready, approved: true))
        known.take(Self.run(.queued, "run_1"))
        known.take(Self.run(.failed, "run_1"))
        known.take(Self.run(.queued, "run_2", at: 10))
        known.take(Self.run(.running, "run_2", at: 10))
        let after = known.task
        known.take(Self.run(.running, "run_1"))
        known.take(Self.run(.queued, "run_0", at: -10))
        known.take(Self.run(.succeeded, "run_0", at: -10))
        #expect(known.task == after)
        #expect(known.task.runs == 2)
    }

    @Test func aLostAttemptIsQueuedAgainAndIsNoOutcome() {
        var known = Known(task: TaskRulesTests.task(.ready, approved: true))
        known.take(Self.run(.queued))
        known.take(Self.run(.running))
        #expect(known.take(Self.run(.lost), isFinal: false) == nil)
        #expect(known.task.status == .running)
        known.take(Self.run(.queued, attempt: 2))
        #expect(known.task.status == .queued && known.task.runs == 1)
        #expect(known.take(Self.run(.running, attempt: 1)) == nil, "a report of the lost attempt")
        known.take(Self.run(.running, attempt: 2))
        known.take(Self.run(.succeeded, attempt: 2))
        #expect(known.task.status == .completed)
    }

    @Test func aRunIsRefusedWhereNoneMayBegin() {
        for status in TaskStatus.allCases {
            var known = Known(task: TaskRulesTests.task(status))
            let refused = known.take(Self.run(.queued))
            switch status {
            case .draft, .blocked, .completed, .cancelled:
                #expect(refused == true)
                #expect(known.task.status == status)
            default:
                #expect(refused == false)
                #expect(known.task.status == .queued)
            }
        }
    }

    @Test func whatWasInterruptedByHandStaysSoWhateverItsRunReports() throws {
        var known = Known(task: TaskRulesTests.task(.ready, approved: true))
        known.take(Self.run(.queued))
        known.task = try TaskRules.interrupt(known.task, at: Self.now)
        known.take(Self.run(.running))
        #expect(known.task.status == .interrupted)
        known.take(Self.run(.succeeded))
        #expect(known.task.status == .interrupted)
    }
}
