import Models

/// Finds tasks by what people call them: the whole title or a beginning that only one title has, in any case; or a phase's name,
/// for all its tasks.
struct TaskNames {
    /// A task as the names see it.
    struct Entry {
        let title: String
        let phase: Int
        /// The task's place in the plan; nil for one that is done already, which nothing needs to wait for.
        let task: Int?
    }

    enum Found: Equatable {
        /// The tasks to wait for; none when what is named is done already.
        case tasks([Int])
        case unknown
        case ambiguous
    }

    private var exact: [String: [Entry]] = [:]
    private var sorted: [String] = []
    private var phases: [String: (index: Int, tasks: [Int])] = [:]

    /// - Parameters:
    ///   - entries: the tasks in the order of the plan.
    ///   - phaseNames: the names of the phases, by the index that the entries use.
    init(_ entries: [Entry], phaseNames: [String]) {
        for entry in entries { exact[TaskNames.normalized(entry.title), default: []].append(entry) }
        exact[""] = nil
        sorted = exact.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for (index, name) in phaseNames.enumerated() { phases[TaskNames.normalized(name)] = (index, []) }
        for entry in entries {
            guard let task = entry.task else { continue }
            phases[TaskNames.normalized(phaseNames[entry.phase])]?.tasks.append(task)
        }
    }

    /// The tasks called `name` by the task `task` of the phase `phase`.
    func find(_ name: String, for task: Int, phase: Int) -> Found {
        let name = TaskNames.normalized(name)
        if let same = exact[name] { return choose(same, for: task, phase: phase) }
        if let found = phases[name], found.index != phase { return .tasks(found.tasks) }
        let matches = titles(beginningWith: name).prefix(3).filter { title in
            exact[title]?.contains { $0.task != task } ?? false
        }
        guard !name.isEmpty, let title = matches.first else { return .unknown }
        return matches.count == 1 ? choose(exact[title] ?? [], for: task, phase: phase) : .ambiguous
    }

    /// Whether a task has `name` as its whole title.
    func isTitle(_ name: String) -> Bool { exact[TaskNames.normalized(name)] != nil }

    /// One of several tasks with the same title: the only one of the same phase, else the nearest that comes before.
    private func choose(_ entries: [Entry], for task: Int, phase: Int) -> Found {
        if entries.count == 1 { return .tasks(entries[0].task.map { [$0] } ?? []) }
        let others = entries.filter { $0.task != task }
        let near = others.filter { $0.phase == phase }
        if near.count == 1 { return .tasks(near[0].task.map { [$0] } ?? []) }
        if others.count == 1 { return .tasks(others[0].task.map { [$0] } ?? []) }
        guard let before = others.compactMap(\.task).last(where: { $0 < task }) else { return .ambiguous }
        return .tasks([before])
    }

    /// The normalized titles that begin with `prefix`: they stand together in the sorted list.
    private func titles(beginningWith prefix: String) -> ArraySlice<String> {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].utf8.lexicographicallyPrecedes(prefix.utf8) { low = middle + 1 } else { high = middle }
        }
        // Three are enough to tell one from several, the asking task's own title among them.
        return sorted[low...].prefix(3).prefix { $0.utf8.starts(with: prefix.utf8) }
    }

    /// The names in `text`: it may be one title with commas in it, or several, separated by commas, semicolons, `and` or `&`.
    func split(_ text: String) -> [String] {
        if exact[TaskNames.normalized(text)] != nil { return [text] }
        return text.utf8.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }).flatMap {
            part -> [String] in
            let part = Array(part).trimmed
            if exact[TaskNames.normalized(part.string)] != nil { return [part.string] }
            let words = part.split(whereSeparator: \.isBlank)
            let groups = words.split { $0.elementsEqual("and".utf8) || $0.elementsEqual("&".utf8) }
            return groups.map { $0.map(\.string).joined(separator: " ") }
        }
    }

    /// In lower case, runs of blanks as one, without quotes, emphasis and full stops around it.
    static func normalized(_ name: String) -> String {
        var bytes: [UInt8] = []
        for byte in name.lowercased().utf8 where !(byte.isBlank && (bytes.last?.isBlank ?? true)) {
            bytes.append(byte.isBlank ? 32 : byte)
        }
        let around = " \"'`*_.".utf8
        return String(
            decoding: bytes.drop(while: around.contains).reversed().drop(while: around.contains).reversed(), as: UTF8.self)
    }
}
