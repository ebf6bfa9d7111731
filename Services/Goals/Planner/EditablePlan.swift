import Models

/// A plan taken apart for changing: what its tasks wait for because they say so is apart from what their phase makes them wait
/// for.
struct EditablePlan {
    struct Task {
        var task: PlannedTask
        var phase: Int
        /// The keys of the tasks that it waits for by its own word.
        var after: Set<String>
    }

    private(set) var phases: [PlanPhase]
    private(set) var tasks: [Task] = []
    private let notes: String
    private let warnings: [String]
    private var keysMade = 0

    init(_ draft: PlanDraft) {
        phases = draft.phases
        notes = draft.notes
        warnings = draft.warnings
        var before: Set<String> = []
        for (index, phase) in draft.phases.enumerated() {
            tasks += phase.tasks.map { Task(task: $0, phase: index, after: Set($0.after).subtracting(before)) }
            if !phase.tasks.isEmpty { before = Set(phase.tasks.map(\.key)) }
        }
    }

    /// The plan again, each task waiting for all of the phase before and for what it says.
    func draft() -> PlanDraft {
        var made = phases
        for index in made.indices { made[index].tasks = [] }
        var inOrder: [String] = []
        for index in made.indices {
            for task in tasks where task.phase == index {
                var planned = task.task
                planned.phase = made[index].name
                made[index].tasks.append(planned)
                inOrder.append(planned.key)
            }
        }
        let positions = Dictionary(inOrder.enumerated().map { ($1, $0) }) { first, _ in first }
        let own = Dictionary(tasks.map { ($0.task.key, $0.after) }) { first, _ in first }
        var before: Set<String> = []
        for index in made.indices {
            for task in made[index].tasks.indices {
                let after = before.union(own[made[index].tasks[task].key] ?? [])
                made[index].tasks[task].after = after.sorted { (positions[$0] ?? 0) < (positions[$1] ?? 0) }
            }
            if !made[index].tasks.isEmpty { before = Set(made[index].tasks.map(\.key)) }
        }
        return PlanDraft(phases: made, notes: notes, warnings: warnings)
    }

    func names() -> TaskNames {
        let entries = tasks.enumerated().map { TaskNames.Entry(title: $1.task.title, phase: $1.phase, task: $0) }
        return TaskNames(entries, phaseNames: phases.map(\.name))
    }

    /// The tasks that `text` names; none when any part of it fits no task or several.
    func find(_ text: String, _ names: TaskNames, for task: Int = -1) -> [Int] {
        var found: [Int] = []
        for name in names.split(text) {
            guard case .tasks(let tasks) = names.find(name, for: task, phase: -1) else { return [] }
            found += tasks
        }
        return found
    }

    func some(_ text: String, for task: Int, _ names: TaskNames) throws -> [Int] {
        let found = find(text, names, for: task)
        guard !found.isEmpty else { throw PlanRefiner.problem("no one task is called \"\(text)\"") }
        return found
    }

    func one(_ text: String, _ names: TaskNames) throws -> Int {
        let found = find(text, names)
        guard found.count == 1 else { throw PlanRefiner.problem("no one task is called \"\(text)\"") }
        return found[0]
    }

    func phase(_ name: String) -> Int? {
        let name = TaskNames.normalized(name)
        return phases.firstIndex { TaskNames.normalized($0.name) == name }
    }

    func known(phase name: String) throws -> Int {
        guard let phase = phase(name) else { throw PlanRefiner.problem("no phase is called \"\(name)\"") }
        return phase
    }

    mutating func addPhase(_ name: String) throws {
        guard phase(name) == nil else { throw PlanRefiner.problem("there is a phase \"\(name)\" already") }
        phases.append(PlanPhase(name: name, tasks: []))
    }

    /// Adds a task to `phase`, else to the latest phase of those that it waits for, else to the last one.
    mutating func add(_ words: ItemText, to phase: Int?, after: [Int]) throws {
        guard !words.title.isEmpty else { throw PlanRefiner.problem("a task needs a title; " + PlanRefiner.understood) }
        if phases.isEmpty { phases.append(PlanPhase(name: BuiltInPlanner.unnamedPhase, tasks: [])) }
        let index = phase ?? after.map { tasks[$0].phase }.max() ?? phases.count - 1
        let known = Set(tasks.map(\.task.key))
        repeat { keysMade += 1 } while known.contains("new\(keysMade)")
        let task = PlannedTask(
            key: "new\(keysMade)", title: words.title, description: "", agent: words.agent, phase: phases[index].name)
        tasks.append(Task(task: task, phase: index, after: Set(after.map { tasks[$0].task.key })))
    }

    mutating func rename(_ task: Int, to title: String) throws {
        let title = ItemText(Array(title.utf8)[...]).title
        guard !title.isEmpty else { throw PlanRefiner.problem("a task needs a title; " + PlanRefiner.understood) }
        tasks[task].task.title = title
    }

    mutating func move(_ task: Int, to phase: Int) { tasks[task].phase = phase }

    mutating func assign(_ task: Int, to agent: String) { tasks[task].task.agent = agent }

    mutating func makeWait(_ task: Int, for others: [Int]) {
        for other in others { tasks[task].after.insert(tasks[other].task.key) }
    }

    /// Removes a task, or a phase with its tasks. Who waited for a removed task waits for what that one waited for.
    mutating func remove(_ name: String, _ names: TaskNames) throws {
        if case .tasks(let found) = names.find(name, for: -1, phase: -1), found.count == 1, phase(name) == nil {
            return removeTask(found[0])
        }
        guard let phase = phase(name) else { throw PlanRefiner.problem("no one task or phase is called \"\(name)\"") }
        for task in tasks.indices.reversed() where tasks[task].phase == phase { removeTask(task) }
        phases.remove(at: phase)
        for task in tasks.indices where tasks[task].phase > phase { tasks[task].phase -= 1 }
    }

    private mutating func removeTask(_ index: Int) {
        let removed = tasks.remove(at: index)
        for task in tasks.indices where tasks[task].after.remove(removed.task.key) != nil {
            tasks[task].after.formUnion(removed.after.subtracting([tasks[task].task.key]))
        }
    }
}
