import Models

/// When an agent's work on an issue begins, is held, goes on and is stopped. Pure functions.
enum WorkRules {
    /// What must be asked of the tasks service.
    enum Effect: Sendable, Hashable {
        case start
        /// The work that was under way, which is not wanted any longer.
        case stop(IssueWork)
        case hold(IssueWork)
        case release(IssueWork)
    }

    /// What follows from a change of an issue, and the issue with its `work` as it then is.
    /// - Parameters:
    ///   - before: nil for a new one.
    ///   - isByAgent: an agent has made the change: what it finishes by its own report need not be stopped.
    static func follow(_ before: Issue?, _ changed: Issue, isByAgent: Bool) -> (issue: Issue, effects: [Effect]) {
        var after = changed
        guard let work = after.work else {
            return wantsStart(before, after, isByAgent: isByAgent) ? (after, [.start]) : (after, [])
        }
        if work.agentID != after.assigneeID {
            after.work = nil
            let goesOn = isAgents(after) && !after.isPaused && (after.status == .inProgress || after.status == .todo)
            return (after, goesOn ? [.stop(work), .start] : [.stop(work)])
        }
        let isOver = after.status.isEnded || after.status == .failed || after.status == .backlog
        if isOver, before?.status != after.status {
            after.work = nil
            return (after, isByAgent && after.status != .cancelled ? [] : [.stop(work)])
        }
        // Whoever takes it back by hand does not want it to go on by itself.
        if before?.status == .inProgress, after.status == .todo { after.isPaused = true }
        let isHeld = after.isPaused || after.status == .waiting
        guard isHeld != work.isHeld else { return (after, []) }
        after.work?.isHeld = isHeld
        return (after, [isHeld ? .hold(work) : .release(work)])
    }

    private static func isAgents(_ issue: Issue) -> Bool { issue.assigneeType == .agent && issue.assigneeID != nil }

    /// An agent's issue starts when it comes to be open, and when somebody says that it is in progress.
    private static func wantsStart(_ before: Issue?, _ after: Issue, isByAgent: Bool) -> Bool {
        guard isAgents(after), !after.isPaused else { return false }
        let isNews =
            before == nil || before?.status != after.status || before?.assigneeID != after.assigneeID
            || before?.isPaused == true
        guard isNews else { return false }
        switch after.status {
        case .todo:
            // What nobody had meant to start before it had to wait does not start by itself when it need not wait any longer.
            guard before?.status == .waiting else { return true }
            return before?.heldFrom == .todo || before?.heldFrom == .inProgress
        case .inProgress: return !isByAgent
        default: return false
        }
    }

    /// What becomes of an issue when the tasks of its work have come to an end.
    /// - Parameters:
    ///   - statuses: of all its tasks.
    ///   - endsInReview: by the crew's policy; done at once otherwise.
    /// - Returns: nil when the work goes on.
    static func outcome(_ issue: Issue, tasks statuses: [TaskStatus], endsInReview: Bool) -> Issue? {
        guard issue.work != nil, !statuses.isEmpty else { return nil }
        var after = issue
        if statuses.contains(.failed) {
            after.status = .failed
        } else if statuses.contains(.interrupted) || statuses.contains(.cancelled) {
            // Somebody has stopped the task itself: it starts again when it is resumed.
            after.isPaused = true
            after.status = .todo
        } else if statuses.allSatisfy({ $0 == .completed }) {
            after.status = endsInReview ? .review : .done
        } else if statuses.contains(.review), statuses.allSatisfy({ $0 == .completed || $0 == .review }) {
            after.status = .review
        } else {
            return nil
        }
        // What was said by hand, or by the agent itself, stands.
        if issue.status != .inProgress, issue.status != .todo, issue.status != .waiting {
            after.status = issue.status
            after.isPaused = issue.isPaused
        }
        after.work = nil
        return after
    }
}
