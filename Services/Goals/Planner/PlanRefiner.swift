import Models

/// Changes a draft as a person asks for it, without any model: one plain sentence a line.
public enum PlanRefiner {
    /// An instruction is written by a person; more lines than this are a mistake.
    public static let linesMax = 100
    /// A line names a few tasks; a longer one is no sentence.
    public static let lineBytesMax = 1_000

    /// What is understood, for people who wrote something else.
    public static let forms = [
        "add a task: T [to P] [after X]", "remove X", "rename X to Y", "move X to P", "X after Y", "assign X to @agent",
        "add a phase: P",
    ]

    /// - Parameters:
    ///   - draft: the plan as it is. What its tasks wait for because of their phase follows the phases when they change.
    ///   - instruction: lines of the forms that `forms` lists; tasks and phases are named as in a description.
    /// - Returns: the changed plan. It may have phases without tasks.
    /// - Throws: `ServiceError` 400 on `instruction` for a line that is none of the forms, a name that fits nothing, and a change
    ///   that would make tasks wait for each other.
    public static func refine(_ draft: PlanDraft, instruction: String, limits: BuiltInPlanner.Limits = .init()) throws
        -> PlanDraft
    {
        let lines = instruction.split(whereSeparator: \.isNewline).map { Array($0.utf8).trimmed }.filter { !$0.isEmpty }
        guard !lines.isEmpty else { throw problem("say what to change: " + understood) }
        guard lines.count <= linesMax else { throw problem("must have at most \(linesMax) lines") }
        guard lines.allSatisfy({ $0.count <= lineBytesMax }) else {
            throw problem("a line must have at most \(lineBytesMax) bytes")
        }
        var plan = EditablePlan(draft)
        for line in lines { try apply(withoutMarker(line), to: &plan) }
        guard plan.tasks.count <= limits.tasksMax else { throw problem("leaves more than \(limits.tasksMax) tasks in the plan") }
        let refined = plan.draft()
        let titles = Dictionary(refined.tasks.map { ($0.key, $0.title) }) { first, _ in first }
        try PlanGraph(refined, field: "instruction").validate(field: "instruction") { titles[$0] ?? $0 }
        return refined
    }

    static let understood = "what is understood is " + forms.map { "\"\($0)\"" }.joined(separator: ", ")

    static func problem(_ text: String) -> ServiceError { .invalid("instruction", text) }

    private static func withoutMarker(_ line: ArraySlice<UInt8>) -> String {
        var line = line
        if line.count > 2, line.first == UInt8(ascii: "-") || line.first == UInt8(ascii: "*"),
            line.dropFirst().first?.isBlank ?? false
        {
            line = line.dropFirst(2).trimmed
        }
        if line.last == UInt8(ascii: ".") { line.removeLast() }
        return line.string
    }

    private static func apply(_ line: String, to plan: inout EditablePlan) throws {
        let names = plan.names()
        if let name = rest(of: line, after: "add a phase:") { return try plan.addPhase(name) }
        if let text = rest(of: line, after: "add a task:") { return try add(text, to: &plan, names) }
        if let name = rest(of: line, after: "rename ") {
            let (task, title) = try split(line, name, by: " to ", names) { task, _ in plan.find(task, names).count == 1 }
            return try plan.rename(try plan.one(task, names), to: title)
        }
        if let name = rest(of: line, after: "move ") {
            let (task, phase) = try split(line, name, by: " to ", names) {
                plan.find($0, names).count == 1 && plan.phase($1) != nil
            }
            return plan.move(try plan.one(task, names), to: try plan.known(phase: phase))
        }
        if let name = rest(of: line, after: "assign ") {
            let (task, agent) = try split(line, name, by: " to ", names) { task, _ in plan.find(task, names).count == 1 }
            let slug = (agent.hasPrefix("@") ? String(agent.dropFirst()) : agent).lowercased()
            guard Slug.isValid(slug) else { throw problem("\"\(agent)\" is no agent's slug") }
            return plan.assign(try plan.one(task, names), to: slug)
        }
        if let name = rest(of: line, after: "remove ") { return try plan.remove(name, names) }
        let (later, earlier) = try split(line, line, by: " after ", names) {
            plan.find($0, names).count == 1 && !plan.find($1, names).isEmpty
        }
        let task = try plan.one(later, names)
        plan.makeWait(task, for: try plan.some(earlier, for: task, names))
    }

    /// `T [to P] [after X]`: what does not name a phase or a task is part of the title.
    private static func add(_ text: String, to plan: inout EditablePlan, _ names: TaskNames) throws {
        var title = text
        var after: [Int] = []
        var phase: Int?
        if let (before, task) = splits(title, by: " after ").last(where: { !plan.find($0.1, names).isEmpty }) {
            after = plan.find(task, names)
            title = before
        }
        if let (before, name) = splits(title, by: " to ").last(where: { plan.phase($0.1) != nil }) {
            phase = plan.phase(name)
            title = before
        }
        try plan.add(ItemText(Array(title.utf8)[...]), to: phase, after: after)
    }

    /// The two sides of `separator` in `text`: of the ways of splitting that fit, the first one with a whole title before it,
    /// else the first one; when none fits, the first way at all.
    private static func split(
        _ line: String, _ text: String, by separator: String, _ names: TaskNames, where fits: (String, String) -> Bool
    ) throws -> (String, String) {
        let ways = splits(text, by: separator)
        guard let first = ways.first else { throw problem("\"\(line)\" is not understood; " + understood) }
        let fitting = ways.filter { fits($0.0, $0.1) }
        return fitting.first { names.isTitle($0.0) } ?? fitting.first ?? first
    }

    /// Every way of splitting `text` in two at `separator`, in any case.
    private static func splits(_ text: String, by separator: String) -> [(String, String)] {
        let bytes = Array(text.utf8)
        let wanted = Array(separator.utf8)
        guard bytes.count > wanted.count else { return [] }
        return (0...(bytes.count - wanted.count)).compactMap { start in
            guard zip(bytes[start...], wanted).allSatisfy({ $0.lowered == $1 }) else { return nil }
            return (bytes[..<start].trimmed.string, bytes[(start + wanted.count)...].trimmed.string)
        }
    }

    /// What follows `start` at the beginning of `line`, in any case; nil when it does not begin so or nothing follows.
    private static func rest(of line: String, after start: String) -> String? {
        let bytes = Array(line.utf8)
        guard bytes.count > start.utf8.count, zip(bytes, start.utf8).allSatisfy({ $0.lowered == $1 }) else { return nil }
        return bytes[start.utf8.count...].trimmed.string
    }
}
