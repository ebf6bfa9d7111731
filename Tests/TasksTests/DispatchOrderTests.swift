import Models
import SuiteTesting
import Testing

/// Random plans with random outcomes, reported in random interleavings: the order of the plan always holds.
@Suite struct DispatchOrderTests {
    /// A source of chance that can be repeated.
    struct Chance: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    /// A run as the runs service would have it, with the reports that are still to be delivered.
    struct PlayedRun {
        let id: String
        let task: String
        var reports: [(type: String, run: Run)]
    }

    /// The test's own view of the plan, made from the events that it saw and the outcomes that it delivered.
    struct Model {
        let dependencies: [String: [String]]
        var completed: Set<String> = []
        var failed: Set<String> = []
        var tries: [String: Int] = [:]
        var dispatches: [String: Int] = [:]
        var open: [PlayedRun] = []
        var delivered: [(type: String, run: Run)] = []
        var runsMade = 0
        var lastEvent: Int64 = 0
    }

    @Test(arguments: [UInt64](1...10))
    func aPlanRunsInItsOrderWhateverHappens(seed: UInt64) async throws {
        var chance = Chance(state: seed)
        let bench = try await TasksBench()
        let count = Int.random(in: 2...60, using: &chance)
        let tasks = (0..<count).map { index in
            let after = (0..<index).filter { _ in Int.random(in: 0..<max(index, 4), using: &chance) < 2 }
            return PlanEventsTests.draft("task_\(index)", after: after.map { "task_\($0)" }, position: index)
        }
        var model = Model(
            dependencies: Dictionary(uniqueKeysWithValues: tasks.map { ($0.id, $0.dependsOn) }),
            tries: Dictionary(uniqueKeysWithValues: tasks.map { ($0.id, 1) }))
        try bench.goals.emit("goal.drafted", "goal_1", PlanEventsTests.plan(tasks.shuffled(using: &chance)))
        try bench.goals.emit("goal.approved", "goal_1", PlanEventsTests.goal(1, .running))
        try await bench.goals.consumed()
        try await observe(bench, &model, &chance)
        var rounds = 0
        while true {
            try deliver(bench, &model, &chance)
            try await bench.runs.consumed()
            try await observe(bench, &model, &chance)
            if model.open.isEmpty {
                guard let task = model.failed.sorted().randomElement(using: &chance), rounds < 400 else { break }
                model.failed.remove(task)
                model.tries[task, default: 0] += 1
                #expect(try await bench.send(.post, "/tasks-api/\(task)/retry").status == 200)
                try await observe(bench, &model, &chance)
            }
            rounds += 1
        }
        try await checkNothingWaitsThatCouldGo(bench, model)
        await bench.bench.stop()
    }

    /// Delivers some of the reports that are due, each run's in its order, the runs' interleaved, and now and then an old one
    /// again.
    private func deliver(_ bench: TasksBench, _ model: inout Model, _ chance: inout Chance) throws {
        for _ in 0..<Int.random(in: 1...12, using: &chance) {
            if Int.random(in: 0..<6, using: &chance) == 0, let old = model.delivered.randomElement(using: &chance) {
                try bench.runs.emit(old.type, old.run.id, old.run)
            }
            guard let index = model.open.indices.randomElement(using: &chance) else { continue }
            let report = model.open[index].reports.removeFirst()
            try bench.runs.emit(report.type, report.run.id, report.run)
            model.delivered.append(report)
            guard model.open[index].reports.isEmpty else { continue }
            let run = model.open.remove(at: index)
            if report.run.status == .succeeded { model.completed.insert(run.task) } else { model.failed.insert(run.task) }
        }
    }

    /// Reads what was dispatched since, checks it against the plan, and plays a run of each.
    private func observe(_ bench: TasksBench, _ model: inout Model, _ chance: inout Chance) async throws {
        let events = try await bench.events(after: model.lastEvent)
        model.lastEvent = events.last?.sequence ?? model.lastEvent
        for event in events where event.type == "task.dispatch" {
            let id = event.subjectID
            let missing = (model.dependencies[id] ?? []).filter { !model.completed.contains($0) }
            #expect(missing.isEmpty, "\(id) was dispatched before \(missing)")
            model.dispatches[id, default: 0] += 1
            #expect(model.dispatches[id] == model.tries[id], "\(id) was dispatched twice in one try")
            model.open.append(play(id, &model, &chance))
        }
    }

    private func play(_ task: String, _ model: inout Model, _ chance: inout Chance) -> PlayedRun {
        model.runsMade += 1
        let id = "run_\(model.runsMade)"
        let outcomes: [RunStatus] = [.succeeded, .succeeded, .succeeded, .failed, .timedOut, .cancelled, .lost]
        let outcome = outcomes.randomElement(using: &chance) ?? .succeeded
        func report(_ type: String, _ status: RunStatus, _ attempt: Int = 1) -> (type: String, run: Run) {
            var run = TasksBench.makeRun(id, task, status, at: Int64(model.runsMade))
            run.attempt = attempt
            return (type, run)
        }
        var reports = [report("run.queued", .queued), report("run.started", .running)]
        var attempt = 1
        if Int.random(in: 0..<4, using: &chance) == 0 {
            attempt = 2
            reports += [report("run.lost", .lost), report("run.requeued", .queued, 2), report("run.started", .running, 2)]
        }
        reports.append(report("run.finished", outcome, attempt))
        return PlayedRun(id: id, task: task, reports: reports)
    }

    private func checkNothingWaitsThatCouldGo(_ bench: TasksBench, _ model: Model) async throws {
        struct Page: Decodable { let tasks: [AgentTask] }
        let tasks = try await bench.send(.get, "/tasks-api?limit=200").decoded(Page.self).tasks
        #expect(tasks.count == model.dependencies.count)
        for task in tasks {
            let isUnblocked = (model.dependencies[task.id] ?? []).allSatisfy(model.completed.contains)
            switch task.status {
            case .completed: #expect(model.completed.contains(task.id))
            case .failed, .interrupted: #expect(model.failed.contains(task.id))
            case .blocked: #expect(!isUnblocked, "\(task.id) waits for nothing")
            default: Issue.record("\(task.id) is \(task.status.rawValue) though nothing runs")
            }
        }
    }
}
