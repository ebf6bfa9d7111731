import Models

/// Every way in which a task's status changes. Pure: what is known around the task comes in, what the task becomes goes out.
enum TaskRules {
    /// What a person may set by hand (`PATCH`), from each status. `queued` and `blocked` are never set: a run and the
    /// dependencies make them.
    static let byHand: [TaskStatus: Set<TaskStatus>] = [
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

    /// Whether a ready task starts by itself: it is approved or starts automatically, and somebody is to do it.
    static func startsByItself(_ task: AgentTask) -> Bool {
        task.status == .ready && task.agentID != nil && (task.approved || task.autoStart)
    }

    /// Sets a status by hand.
    /// - Parameter waitingFor: the ids of its dependencies that are not completed.
    /// - Throws: 409 for a change that is not allowed; 400 for a status that nobody sets.
    static func set(_ status: TaskStatus, on task: AgentTask, waitingFor: [String], at now: Timestamp) throws(ServiceError)
        -> AgentTask
    {
        guard status != task.status else { return task }
        if status == .queued || status == .blocked {
            throw .invalid(
                "status",
                "\(status.rawValue) is never set by hand: \(status == .queued ? "a run" : "an unfinished dependency") makes it so"
            )
        }
        if status == .ready, task.status == .blocked {
            throw .conflict("status: the task waits for \(waitingFor.joined(separator: ", "))", code: "blocked")
        }
        let allowed = byHand[task.status] ?? []
        guard allowed.contains(status) else {
            let words = TaskStatus.allCases.filter(allowed.contains).map(\.rawValue)
            throw .conflict(
                "status: a task that is \(task.status.rawValue) cannot become \(status.rawValue); "
                    + (words.isEmpty ? "that is final" : "it can become \(words.joined(separator: ", "))"),
                code: "transition_not_allowed")
        }
        if status == .ready { return released(task, isUnblocked: waitingFor.isEmpty, at: now) }
        var after = entering(status, task, at: now)
        if status == .draft { after.approved = false }
        return after
    }

    /// Approves a draft, which may then start by itself, or accepts what an agent has done.
    /// - Throws: 409 when it waits for neither.
    static func approve(_ task: AgentTask, isUnblocked: Bool, at now: Timestamp) throws(ServiceError) -> AgentTask {
        switch task.status {
        case .draft: return approvedAndReleased(task, isUnblocked: isUnblocked, at: now)
        case .review: return entering(.completed, task, at: now)
        default:
            throw .conflict(
                "the task is \(task.status.rawValue): only a draft or a result in review is approved", code: "not_waiting")
        }
    }

    /// Tries again what failed or was interrupted; it then starts by itself.
    /// - Throws: 409 when it was neither.
    static func retry(_ task: AgentTask, isUnblocked: Bool, at now: Timestamp) throws(ServiceError) -> AgentTask {
        guard task.status == .failed || task.status == .interrupted else {
            throw .conflict(
                "the task is \(task.status.rawValue): only one that failed or was interrupted is retried", code: "not_waiting")
        }
        return approvedAndReleased(task, isUnblocked: isUnblocked, at: now)
    }

    /// Stops a task whose run is asked for or at work.
    /// - Throws: 409 when nothing runs.
    static func interrupt(_ task: AgentTask, at now: Timestamp) throws(ServiceError) -> AgentTask {
        guard task.status.isActive || startsByItself(task) else {
            throw .conflict("the task is \(task.status.rawValue): nothing runs that could be interrupted", code: "not_running")
        }
        return entering(.interrupted, task, at: now)
    }

    /// The plan of a draft is approved. Nil when it is no draft.
    static func planApproved(_ task: AgentTask, isUnblocked: Bool, at now: Timestamp) -> AgentTask? {
        task.status == .draft ? approvedAndReleased(task, isUnblocked: isUnblocked, at: now) : nil
    }

    /// The plan is cancelled or replaced: what runs is interrupted, what has not begun or waits for a review is cancelled, what
    /// is over stays.
    /// Nil when nothing changes.
    static func planCancelled(_ task: AgentTask, at now: Timestamp) -> AgentTask? {
        switch task.status {
        case .draft, .ready, .blocked, .review: entering(.cancelled, task, at: now)
        case .queued, .running: entering(.interrupted, task, at: now)
        case .completed, .failed, .interrupted, .cancelled: nil
        }
    }

    /// The work on its issue is not wanted any longer: it ends wherever it is. Nil when it is over.
    static func issueStopped(_ task: AgentTask, at now: Timestamp) -> AgentTask? {
        task.status == .completed || task.status == .cancelled ? nil : entering(.cancelled, task, at: now)
    }

    /// Its dependencies changed, or one of them did. Nil when the status stays.
    static func dependenciesChanged(_ task: AgentTask, isUnblocked: Bool, at now: Timestamp) -> AgentTask? {
        switch (task.status, isUnblocked) {
        case (.blocked, true): entering(.ready, task, at: now)
        case (.ready, false): entering(.blocked, task, at: now)
        default: nil
        }
    }

    /// Whether its dependencies may still be changed.
    /// - Throws: 409 when a run is at work, or it is over.
    static func checkDependenciesMayChange(_ task: AgentTask) throws(ServiceError) {
        switch task.status {
        case .draft, .ready, .blocked, .failed, .interrupted: return
        case .queued, .running, .review:
            throw .conflict("depends_on: the task is \(task.status.rawValue): interrupt it first", code: "task_active")
        case .completed, .cancelled: throw .conflict("depends_on: the task is \(task.status.rawValue)", code: "task_final")
        }
    }

    /// Whether its agent and project may still be changed.
    /// - Throws: 409 when a run is at work.
    static func checkMayMove(_ task: AgentTask, _ field: String) throws(ServiceError) {
        guard !task.status.isActive else {
            throw .conflict("\(field): the task is \(task.status.rawValue): interrupt it first", code: "task_active")
        }
    }

    /// `ready`, or `blocked` when something must be done first.
    static func released(_ task: AgentTask, isUnblocked: Bool, at now: Timestamp) -> AgentTask {
        entering(isUnblocked ? .ready : .blocked, task, at: now)
    }

    private static func approvedAndReleased(_ task: AgentTask, isUnblocked: Bool, at now: Timestamp) -> AgentTask {
        var task = task
        task.approved = true
        return released(task, isUnblocked: isUnblocked, at: now)
    }

    /// The task in a status, with the members that tell of it.
    static func entering(_ status: TaskStatus, _ task: AgentTask, at now: Timestamp) -> AgentTask {
        var task = task
        task.status = status
        switch status {
        case .draft, .ready, .blocked, .queued:
            task.failure = nil
            task.startedAt = nil
            task.completedAt = nil
        case .running:
            task.failure = nil
            task.startedAt = now
        case .completed:
            task.failure = nil
            task.completedAt = now
        case .review, .failed, .interrupted, .cancelled: break
        }
        return task
    }
}

/// What others must do because a task changed.
struct TaskEffects: Equatable, Sendable {
    /// It starts now: a run is to be made.
    var dispatches = false
    /// Its run is to be cancelled.
    var interrupts = false

    /// - Parameters:
    ///   - before: nil when the task is new.
    /// - hadUnfinishedRun: its latest run had not ended before; a task that is to start waits for that, so that a retry is not
    /// taken
    ///     for a repetition.
    ///   - isByRun: its own run caused the change, and need not be told of it.
    init(before: AgentTask?, after: AgentTask, hadUnfinishedRun: Bool, hasUnfinishedRun: Bool, isByRun: Bool) {
        let couldStart = before.map { TaskRules.startsByItself($0) && !hadUnfinishedRun } ?? false
        let canStart = TaskRules.startsByItself(after) && !hasUnfinishedRun
        dispatches = canStart && (!couldStart || before?.agentID != after.agentID)
        let wasStarted = couldStart || before?.status.isActive == true
        interrupts = wasStarted && !isByRun && !(canStart || after.status.isActive)
    }
}

/// What is known of a run: how far it has come. Reports never go back, so a repeated or late one is recognised.
struct RunRecord: Sendable, Equatable {
    enum Phase: Int, Sendable, Comparable {
        case queued, running, final
        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    var runID: String
    var createdAt: Timestamp
    var attempt: Int
    var phase: Phase
}

/// What a task's run does to it.
enum RunVerdict: Sendable {
    /// Repeated, late, or of no consequence: nothing changes.
    case stale
    /// An older run of the task, of which only the record is kept.
    case recorded(RunRecord)
    /// The task afterwards; `refuses` when this run must not go on.
    case taken(AgentTask, RunRecord, refuses: Bool)
}

extension TaskRules {
    /// What the report of a run does to its task.
    /// - Parameters:
    ///   - isFinal: the report is the run's one outcome (`run.finished`); a `run.lost` that is tried again is none.
    ///   - known: what was recorded of this run.
    ///   - current: what was recorded of the task's latest run.
    ///   - isReviewed: a human accepts the result before the task is completed.
    static func take(
        _ run: Run, isFinal: Bool, on task: AgentTask, known: RunRecord?, current: RunRecord?, isReviewed: Bool, at now: Timestamp
    ) -> RunVerdict {
        guard isFinal == run.status.isFinal else { return .stale }
        let phase: RunRecord.Phase = isFinal ? .final : run.status == .running ? .running : .queued
        let record = RunRecord(runID: run.id, createdAt: run.createdAt, attempt: run.attempt, phase: phase)
        if let known {
            guard known.phase != .final, isFinal || (known.attempt, known.phase.rawValue) < (record.attempt, phase.rawValue)
            else {
                return .stale
            }
        }
        let isNew = task.runID != run.id
        if isNew, known != nil { return .recorded(record) }
        if isNew, let current, run.createdAt < current.createdAt { return .recorded(record) }
        var after = task
        if isNew {
            after.runID = run.id
            after.runs += 1
            if after.agentID == nil { after.agentID = run.agentID }
        }
        let accepts = isNew ? acceptsNewRun.contains(task.status) : task.status.isActive
        if isFinal {
            if accepts { after = entering(outcome(of: run, isReviewed: isReviewed), after, at: now) }
            keepResult(of: run, in: &after, withFailure: accepts)
            return .taken(after, record, refuses: false)
        }
        guard accepts else { return .taken(after, record, refuses: isNew) }
        if run.status == .running {
            if task.status != .running { after = entering(.running, after, at: run.startedAt ?? now) }
        } else {
            after = entering(.queued, after, at: now)
        }
        return .taken(after, record, refuses: false)
    }

    /// The statuses in which another run may begin: not before its plan is approved or its dependencies are completed, not
    /// after its end.
    static let acceptsNewRun: Set<TaskStatus> = [.ready, .queued, .running, .review, .failed, .interrupted]

    private static func outcome(of run: Run, isReviewed: Bool) -> TaskStatus {
        switch run.status {
        case .succeeded: isReviewed ? .review : .completed
        case .cancelled: .interrupted
        default: .failed
        }
    }

    private static func keepResult(of run: Run, in task: inout AgentTask, withFailure: Bool) {
        if let branch = run.branch { task.branch = branch }
        if let commit = run.commit { task.commit = commit }
        if let summary = run.summary { task.summary = summary }
        guard withFailure, task.status == .failed || task.status == .interrupted else { return }
        switch run.status {
        case .timedOut: task.failure = run.failure ?? Failure(.timeout, "the run took longer than it may")
        case .lost: task.failure = run.failure ?? Failure(.lostHeartbeat, "the run was lost")
        case .cancelled: task.failure = run.failure ?? Failure(.cancelled, "the run was cancelled")
        default: task.failure = run.failure ?? Failure(.agentError, "the run failed")
        }
    }
}
