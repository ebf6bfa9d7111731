import HTTP
import Models
import Planner

@testable import Skills

/// Documents: JSON, skills, plans.
enum TextEntries {
    static func json(_ bytes: [UInt8]) throws {
        // try?: what is no JSON is refused, and that is all there is to it.
        guard let value = try? JSON.decode(JSONValue.self, from: bytes) else { return }
        let text = try JSON.encode(value)
        try Finding.unless(text.allSatisfy { $0 >= 32 }, "a control character in \(text)")
        let again = try JSON.decode(JSONValue.self, from: text)
        try Finding.unless(again == value, "written it is another value: \(value) \(again)")
    }

    static func skill(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        // try?: what is no skill is refused.
        guard let document = try? SkillDocument(reading: text) else { return }
        let again = try SkillDocument(reading: document.text)
        try Finding.unless(again == document, "written it is another skill: \(document) \(again)")
    }

    /// A title, a description and an instruction, with NUL between them.
    static func planner(_ bytes: [UInt8]) throws {
        let parts = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        // try?: what asks for too much, or for a cycle, is refused.
        guard let plan = try? BuiltInPlanner.plan(title: parts[0], description: parts.count > 1 ? parts[1] : "") else { return }
        try check(plan)
        // try?: as above
        guard parts.count > 2, let refined = try? PlanRefiner.refine(plan, instruction: parts[2]) else { return }
        try check(refined)
    }

    private static func check(_ plan: PlanDraft) throws {
        let keys = Set(plan.tasks.map(\.key))
        try Finding.unless(keys.count == plan.tasks.count, "two tasks of one key: \(plan)")
        for task in plan.tasks {
            try Finding.unless(task.after.allSatisfy { $0 != task.key && keys.contains($0) }, "waits for nothing: \(task)")
        }
        let again = try JSON.decode(PlanDraft.self, from: JSON.encode(plan))
        try Finding.unless(again == plan, "written it is another plan: \(plan)")
    }
}
