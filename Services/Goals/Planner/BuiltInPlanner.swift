import Models

/// Drafts a plan from the structure of a goal's description, without any model.
///
/// - Headings become phases; a later phase waits for all tasks of the one before.
/// - List and check-list items become tasks, independent of each other unless they say otherwise; a checked one is done and left
///   out.
/// - What stands under an item becomes its description: prose, nested items as check-list lines, fenced blocks as they were
///   written.
/// - `(after: A, B)`, `after: A` and `depends on A` name the tasks that an item waits for; `@slug` names its agent.
/// - A description without structure becomes one task.
public enum BuiltInPlanner {
    public struct Limits: Sendable {
        /// A plan that no human can read is no plan to approve.
        public var tasksMax = 1_000
        /// What waits for what, phases included: 300 tasks after 300 others is the most that one plan asks a store to keep.
        public var dependenciesMax = 100_000
        public var descriptionBytesMax = 1 << 20
        /// A longer first line becomes part of the description.
        public var titleCharactersMax = 200
        /// Further warnings are only counted.
        public var warningsMax = 100

        public init() {}
    }

    /// The phase of the tasks that stand under no heading.
    public static let unnamedPhase = "Tasks"

    /// - Parameters:
    ///   - title: the goal's title, which becomes that of the only task when the description has no structure.
    ///   - description: Markdown; any bytes are fine.
    /// - Returns: the draft; its dependencies have no cycle.
    /// - Throws: `ServiceError` 400 on `description` when it is over a limit or its tasks wait for each other in a cycle, which
    ///   it names.
    public static func plan(title: String, description: String, limits: Limits = Limits()) throws -> PlanDraft {
        guard description.utf8.count <= limits.descriptionBytesMax else {
            throw ServiceError.invalid("description", "must be at most \(limits.descriptionBytesMax) bytes")
        }
        var drafter = Drafter(limits: limits, outline: OutlineReader.read(description))
        try drafter.draftTasks()
        if drafter.isEmpty {
            if drafter.hasDoneTasks {
                drafter.warn("every item is checked already: there is nothing left to do")
                return drafter.draft()
            }
            return single(title: title, description: description, warnings: drafter.warnings)
        }
        try drafter.draftDependencies()
        let draft = drafter.draft()
        let titles = Dictionary(uniqueKeysWithValues: draft.tasks.map { ($0.key, $0.title) })
        try PlanGraph(draft, field: "description").validate(field: "description") { titles[$0] ?? $0 }
        return draft
    }

    private static func single(title: String, description: String, warnings: [String]) -> PlanDraft {
        let task = PlannedTask(key: "t1", title: title, description: description, phase: unnamedPhase)
        return PlanDraft(phases: [PlanPhase(name: unnamedPhase, tasks: [task])], warnings: warnings)
    }
}
