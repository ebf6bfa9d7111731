import Models

/// What a goal may become: pure.
enum GoalRules {
    /// - Throws: 409 unless the plan is waiting for it.
    static func approve(_ goal: Goal, hasTasks: Bool, at now: Timestamp) throws(ServiceError) -> Goal {
        guard goal.status == .pending else {
            throw .conflict("the goal is \(goal.status.rawValue): only a pending one is approved", code: "not_pending")
        }
        var goal = goal
        goal.status = hasTasks ? .running : .completed
        goal.completedAt = hasTasks ? nil : now
        return goal
    }

    /// - Throws: 409 when it is over.
    static func cancel(_ goal: Goal) throws(ServiceError) -> Goal {
        guard goal.status != .completed, goal.status != .cancelled else {
            throw .conflict("the goal is \(goal.status.rawValue) already", code: "goal_final")
        }
        var goal = goal
        goal.status = .cancelled
        return goal
    }

    /// - Throws: 409 once the plan is approved or cancelled.
    static func checkMayBeDecomposed(_ goal: Goal) throws(ServiceError) {
        guard goal.status == .pending else {
            throw .conflict("the goal is \(goal.status.rawValue): only a pending plan is drafted anew", code: "not_pending")
        }
    }

    /// What a decision on an approval makes of its goal. Nil when it changes nothing: the approval of an earlier plan, or a
    /// goal that was decided
    /// already.
    static func decided(_ approval: Approval, _ goal: Goal, hasTasks: Bool, at now: Timestamp) throws(ServiceError) -> Goal? {
        guard goal.status == .pending, goal.approvalID == approval.id else { return nil }
        switch approval.status {
        case .approved: return try approve(goal, hasTasks: hasTasks, at: now)
        case .rejected, .expired: return try cancel(goal)
        case .pending, .cancelled: return nil
        }
    }

    /// How many tasks stand where.
    static func progress(_ counts: [TaskStatus: Int]) -> TaskCounts {
        TaskCounts(
            total: counts.values.reduce(0, +), completed: counts[.completed] ?? 0, failed: counts[.failed] ?? 0,
            running: (counts[.running] ?? 0) + (counts[.queued] ?? 0), cancelled: counts[.cancelled] ?? 0)
    }

    /// The goal with the progress of its tasks, and the status that follows: completed when all of them are, failed when one
    /// failed and
    /// nothing else can go on. A pending goal waits for its approval, and a cancelled one stays so.
    static func progressed(_ goal: Goal, _ counts: [TaskStatus: Int], at now: Timestamp) -> Goal {
        var goal = goal
        goal.progress = progress(counts)
        guard goal.status != .pending, goal.status != .cancelled, goal.progress.total > 0 else { return goal }
        let remaining = goal.progress.total - goal.progress.completed - goal.progress.cancelled
        let movable = [TaskStatus.draft, .ready, .queued, .running, .review, .interrupted].reduce(0) { $0 + (counts[$1] ?? 0) }
        let status: GoalStatus =
            if remaining == 0 {
                goal.progress.completed > 0 ? .completed : .cancelled
            } else if goal.progress.failed > 0, movable == 0 {
                .failed
            } else {
                .running
            }
        if status == .completed, goal.status != .completed { goal.completedAt = now }
        if status != .completed { goal.completedAt = nil }
        goal.status = status
        return goal
    }
}
