import Models
import Testing

@testable import Tasks

/// The rules of tasks, with values.
@Suite struct TaskRulesTests {
    static let now = Timestamp(milliseconds: 1_760_000_000_000)

    static func task(_ status: TaskStatus, agent: String? = "agent_a", approved: Bool = false, autoStart: Bool = false)
        -> AgentTask
    {
        AgentTask(
            id: "task_1", workspaceID: "default", title: "T", status: status, agentID: agent, autoStart: autoStart,
            approved: approved,
            createdAt: now, updatedAt: now)
    }

    /// Every status that a person may set, from every status; what is not here is refused.
    static let allowed: [TaskStatus: [TaskStatus]] = [
        .draft: [.ready, .completed, .cancelled],
        .ready: [.draft, .running, .review, .completed, .failed, .cancelled],
        .blocked: [.draft, .completed, .cancelled],
        .queued: [.review, .completed, .failed, .interrupted, .cancelled],
        .running: [.review, .completed, .failed, .interrupted, .cancelled],
        .review: [.ready, .completed, .failed, .cancelled],
        .failed: [.ready, .completed, .cancelled],
        .interrupted: [.ready, .completed, .failed, .cancelled],
        .completed: [],
        .cancelled: [],
    ]

    @Test(arguments: TaskStatus.allCases, TaskStatus.allCases)
    func aStatusIsSetByHandAsTheTableSays(from: TaskStatus, to: TaskStatus) throws {
        let task = Self.task(from)
        func set() throws -> AgentTask {
            try TaskRules.set(to, on: task, waitingFor: from == .blocked ? ["task_0"] : [], at: Self.now)
        }
        if from == to || Self.allowed[from]?.contains(to) == true {
            #expect(try set().status == to)
        } else {
            let error = #expect(throws: ServiceError.self) { try set() }
            #expect(error?.kind == (to == .queued || to == .blocked ? .validation : .conflict))
        }
    }

    @Test(arguments: TaskStatus.allCases)
    func onlyDraftsAndReviewsAreApproved(status: TaskStatus) throws {
        switch status {
        case .draft:
            let after = try TaskRules.approve(Self.task(.draft), isUnblocked: true, at: Self.now)
            #expect(after.status == .ready && after.approved)
            #expect(try TaskRules.approve(Self.task(.draft), isUnblocked: false, at: Self.now).status == .blocked)
        case .review:
            let after = try TaskRules.approve(Self.task(.review), isUnblocked: true, at: Self.now)
            #expect(after.status == .completed && after.completedAt == Self.now)
        default:
            let error = #expect(throws: ServiceError.self) {
                try TaskRules.approve(Self.task(status), isUnblocked: true, at: Self.now)
            }
            #expect(error?.kind == .conflict)
        }
    }

    @Test(arguments: TaskStatus.allCases)
    func onlyWhatFailedOrWasInterruptedIsRetried(status: TaskStatus) throws {
        guard status == .failed || status == .interrupted else {
            #expect(throws: ServiceError.self) { try TaskRules.retry(Self.task(status), isUnblocked: true, at: Self.now) }
            return
        }
        var task = Self.task(status)
        task.failure = Failure(.agentError, "no")
        let after = try TaskRules.retry(task, isUnblocked: true, at: Self.now)
        #expect(after.status == .ready && after.approved && after.failure == nil)
        #expect(try TaskRules.retry(task, isUnblocked: false, at: Self.now).status == .blocked)
    }

    @Test(arguments: TaskStatus.allCases)
    func onlyWhatRunsOrStartsIsInterrupted(status: TaskStatus) throws {
        for approved in [false, true] {
            let task = Self.task(status, approved: approved)
            let runs = status == .queued || status == .running || status == .ready && approved
            if runs {
                #expect(try TaskRules.interrupt(task, at: Self.now).status == .interrupted)
            } else {
                #expect(throws: ServiceError.self) { try TaskRules.interrupt(task, at: Self.now) }
            }
        }
    }

    @Test func aPlanReleasesItsDraftsAndCancelsWhatIsNotOver() {
        for status in TaskStatus.allCases {
            let released = TaskRules.planApproved(Self.task(status), isUnblocked: false, at: Self.now)
            #expect(released?.status == (status == .draft ? .blocked : nil))
            let cancelled = TaskRules.planCancelled(Self.task(status), at: Self.now)?.status
            switch status {
            case .draft, .ready, .blocked, .review: #expect(cancelled == .cancelled)
            case .queued, .running: #expect(cancelled == .interrupted)
            default: #expect(cancelled == nil)
            }
        }
    }

    @Test func dependenciesMoveATaskBetweenReadyAndBlockedOnly() {
        for status in TaskStatus.allCases {
            let opened = TaskRules.dependenciesChanged(Self.task(status), isUnblocked: true, at: Self.now)?.status
            let closed = TaskRules.dependenciesChanged(Self.task(status), isUnblocked: false, at: Self.now)?.status
            #expect(opened == (status == .blocked ? .ready : nil))
            #expect(closed == (status == .ready ? .blocked : nil))
        }
    }

    @Test func aTaskIsDispatchedWhenItBecomesAbleToStart() {
        func effects(_ before: AgentTask?, _ after: AgentTask, had: Bool = false, has: Bool = false, byRun: Bool = false)
            -> TaskEffects
        {
            TaskEffects(before: before, after: after, hadUnfinishedRun: had, hasUnfinishedRun: has, isByRun: byRun)
        }
        let startable = Self.task(.ready, approved: true)
        #expect(effects(nil, startable).dispatches)
        #expect(effects(nil, Self.task(.ready, autoStart: true)).dispatches)
        #expect(!effects(nil, Self.task(.ready)).dispatches, "it waits for POST /runs-api")
        #expect(!effects(nil, Self.task(.ready, agent: nil, approved: true)).dispatches, "nobody is to do it")
        #expect(effects(Self.task(.blocked, approved: true), startable).dispatches)
        #expect(!effects(startable, startable).dispatches, "once is enough")
        #expect(effects(Self.task(.ready, agent: nil, approved: true), startable).dispatches, "now there is somebody")
        #expect(effects(Self.task(.ready, agent: "agent_b", approved: true), startable).dispatches, "somebody else")
        #expect(
            !effects(Self.task(.interrupted, approved: true), startable, had: true, has: true).dispatches, "its run still ends")
        #expect(effects(startable, startable, had: true, has: false, byRun: true).dispatches, "it has ended")
    }

    @Test func theRunOfWhatNoLongerRunsIsInterrupted() {
        func interrupts(_ before: AgentTask, _ after: AgentTask, byRun: Bool = false) -> Bool {
            TaskEffects(before: before, after: after, hadUnfinishedRun: false, hasUnfinishedRun: false, isByRun: byRun).interrupts
        }
        #expect(interrupts(Self.task(.running), Self.task(.cancelled)))
        #expect(interrupts(Self.task(.queued), Self.task(.completed)))
        #expect(interrupts(Self.task(.ready, approved: true), Self.task(.blocked, approved: true)))
        #expect(!interrupts(Self.task(.ready), Self.task(.cancelled)))
        #expect(!interrupts(Self.task(.running), Self.task(.completed), byRun: true))
        #expect(!interrupts(Self.task(.ready, approved: true), Self.task(.queued, approved: true)))
    }
}
