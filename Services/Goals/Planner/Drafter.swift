import Models

/// Makes phases and tasks of an outline, and finds who waits for whom.
struct Drafter {
    /// A task with what its dependencies are still called by.
    private struct Draft {
        var task: PlannedTask
        let phase: Int
        let text: ItemText
        let body: [UInt8]
        let dependencyLines: [Range<Int>]
    }

    private let limits: BuiltInPlanner.Limits
    private let outline: Outline
    private let outlineHasItems: Bool
    private var phases: [PlanPhase] = []
    private var drafts: [Draft] = []
    private var entries: [TaskNames.Entry] = []
    private var notes: [String] = []
    private(set) var warnings: [String] = []
    private var warningsLeftOut = 0
    private(set) var hasDoneTasks = false

    init(limits: BuiltInPlanner.Limits, outline: Outline) {
        self.limits = limits
        self.outline = outline
        outlineHasItems = outline.hasItems
        for warning in outline.warnings { warn(warning) }
    }

    var isEmpty: Bool { drafts.isEmpty }

    mutating func warn(_ warning: String) {
        if warnings.count < limits.warningsMax { warnings.append(warning) } else { warningsLeftOut += 1 }
    }

    mutating func draftTasks() throws {
        var namesSeen: [String: Int] = [:]
        for (index, section) in outline.sections.enumerated() {
            let isTask = section.items.isEmpty && isTask(at: index)
            guard !section.items.isEmpty || isTask else {
                keepNotes(of: section)
                continue
            }
            let heading = ItemText((section.heading ?? "").utf8Array[...])
            var name = heading.title.isEmpty ? BuiltInPlanner.unnamedPhase : shortened(heading.title)
            let count = namesSeen[name, default: 0] + 1
            namesSeen[name] = count
            if count > 1 { name += " (\(count))" }
            phases.append(PlanPhase(name: name, notes: isTask ? "" : text(section.prose), tasks: []))
            if isTask {
                try add(
                    Outline.Item(text: (section.heading ?? "").utf8Array[...], isChecked: false, body: section.body), to: name)
            } else if !section.blocks.isEmpty {
                warn("the code before the first item of \"\(name)\" belongs to no task and is not run")
                phases[phases.count - 1].notes = text(section.body)
            }
            for item in section.items { try add(item, to: name, agent: heading.agent) }
        }
    }

    /// Whether a section without items is a task of its own: it has code to run, or nothing in the whole description is an item
    /// and it is not just the parent of others.
    private func isTask(at index: Int) -> Bool {
        let section = outline.sections[index]
        guard section.heading != nil else { return false }
        if !section.blocks.isEmpty { return true }
        let isParent = index + 1 < outline.sections.count && outline.sections[index + 1].level > section.level
        return !outlineHasItems && !isParent && !section.prose.isEmpty
    }

    private mutating func keepNotes(of section: Outline.Section) {
        let text = text(section.body)
        guard !text.isEmpty else { return }
        if !section.blocks.isEmpty, outlineHasItems { warn("the code before the first item belongs to no task and is not run") }
        notes.append(section.heading.map { "\($0)\n\n\(text)" } ?? text)
    }

    /// - Parameter agent: whom the phase's heading names, for items that name nobody.
    private mutating func add(_ item: Outline.Item, to phase: String, agent: String? = nil) throws {
        let words = ItemText(item.text)
        var title = words.title
        var body = item.body
        var dependencyLines = item.dependencyLines
        if title.isEmpty {
            title = firstWords(of: body)
            guard !title.isEmpty else { return warn("an item without text in \"\(phase)\" is left out") }
        }
        if item.isChecked {
            hasDoneTasks = true
            entries.append(TaskNames.Entry(title: title, phase: phases.count - 1, task: nil))
            return warn("\"\(shortened(title))\" is checked already and left out")
        }
        guard drafts.count < limits.tasksMax else {
            throw ServiceError.invalid("description", "must have at most \(limits.tasksMax) tasks")
        }
        entries.append(TaskNames.Entry(title: title, phase: phases.count - 1, task: drafts.count))
        let short = shortened(title)
        if short != title {
            let first = Array(title.utf8) + Array("\n\n".utf8)
            dependencyLines = dependencyLines.map { $0.lowerBound + first.count..<$0.upperBound + first.count }
            body = first + body
        }
        let task = PlannedTask(
            key: "t\(drafts.count + 1)", title: short, description: "", agent: words.agent ?? agent, phase: phase)
        drafts.append(
            Draft(task: task, phase: phases.count - 1, text: words, body: body, dependencyLines: dependencyLines))
    }

    /// What an item without a title is called by: its first line that is not a fence.
    private func firstWords(of body: [UInt8]) -> String {
        for line in body.split(separator: UInt8(ascii: "\n")) {
            let text = line.trimmed
            if text.first != UInt8(ascii: "`"), text.first != UInt8(ascii: "~"), !text.isEmpty { return ItemText(text).title }
        }
        return ""
    }

    private func shortened(_ title: String) -> String {
        guard title.utf8.count > limits.titleCharactersMax, title.count > limits.titleCharactersMax else { return title }
        return title.prefix(limits.titleCharactersMax - 1) + "…"
    }

    mutating func draftDependencies() throws {
        let names = TaskNames(entries, phaseNames: phases.map(\.name))
        var members = [[Int]](repeating: [], count: phases.count)
        for (index, draft) in drafts.enumerated() { members[draft.phase].append(index) }
        var total = 0
        var previous: [Int] = []
        for phase in phases.indices {
            for index in members[phase] {
                let named = resolve(index, names)
                let after = named.isEmpty ? previous : Array(Set(previous).union(named)).sorted()
                total += after.count
                guard total <= limits.dependenciesMax else {
                    throw ServiceError.invalid(
                        "description", "must have at most \(limits.dependenciesMax) dependencies between its tasks")
                }
                drafts[index].task.after = after.map { "t\($0 + 1)" }
            }
            if !members[phase].isEmpty { previous = members[phase] }
        }
    }

    /// The tasks that the task at `index` names; gives it its final title and description.
    private mutating func resolve(_ index: Int, _ names: TaskNames) -> Set<Int> {
        let draft = drafts[index]
        var after: Set<Int> = []
        var seen: Set<String> = []
        for clause in draft.text.dependencies {
            if !add(clause, to: &after, &seen, for: index, names) {
                drafts[index].task.title = shortened(draft.text.titleWithProse)
            }
        }
        var description: [UInt8] = []
        var start = 0
        for line in draft.dependencyLines {
            guard let clause = ItemText.dependencyLine(draft.body[line].dropLast()),
                add(clause, to: &after, &seen, for: index, names)
            else { continue }
            description.append(contentsOf: draft.body[start..<line.lowerBound])
            start = line.upperBound
        }
        description.append(contentsOf: draft.body[start...])
        drafts[index].task.description = text(description)
        return after
    }

    /// Adds the tasks that a clause names; false when it turns out to be prose.
    private mutating func add(
        _ clause: ItemText.Dependencies, to after: inout Set<Int>, _ seen: inout Set<String>, for index: Int, _ names: TaskNames
    ) -> Bool {
        let title = drafts[index].task.title
        var isProse = !clause.isCertain
        var problems: [String] = []
        for name in names.split(clause.names) where seen.insert(TaskNames.normalized(name)).inserted {
            switch names.find(name, for: index, phase: drafts[index].phase) {
            case .tasks(let tasks):
                isProse = false
                after.formUnion(tasks)
            case .unknown:
                problems.append("\"\(title)\" waits for \"\(shortened(name))\", but no task is called that")
            case .ambiguous:
                problems.append("\"\(title)\" waits for \"\(shortened(name))\", but several tasks are called that")
            }
        }
        for problem in problems { warn(problem) }
        return !isProse
    }

    func draft() -> PlanDraft {
        var phases = phases
        for draft in drafts { phases[draft.phase].tasks.append(draft.task) }
        phases.removeAll { $0.tasks.isEmpty }
        var warnings = warnings
        if warningsLeftOut > 0 { warnings.append("and \(warningsLeftOut) more warnings") }
        return PlanDraft(phases: phases, notes: notes.joined(separator: "\n\n"), warnings: warnings)
    }

    /// `bytes` as text, without blank lines around it.
    private func text(_ bytes: [UInt8]) -> String {
        let newline = UInt8(ascii: "\n")
        var lines = bytes[...]
        while let last = lines.last, last == newline || last.isBlank { lines.removeLast() }
        while let end = lines.firstIndex(of: newline), lines[..<end].allSatisfy(\.isBlank) { lines = lines[(end + 1)...] }
        return lines.string
    }
}

extension Outline.Section {
    /// Prose and blocks that belong to no item.
    fileprivate var body: [UInt8] {
        if prose.isEmpty || blocks.isEmpty { return prose + blocks }
        return prose + [UInt8(ascii: "\n")] + blocks
    }
}

extension String {
    fileprivate var utf8Array: [UInt8] { Array(utf8) }
}
