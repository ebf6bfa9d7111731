import FoundationEssentials
import Models
import Planner

/// The draft of a description, of a goal called `Goal`.
func plan(_ description: String, limits: BuiltInPlanner.Limits = .init()) throws -> PlanDraft {
    try BuiltInPlanner.plan(title: "Goal", description: description, limits: limits)
}

/// A plan as one reads it: `Phase: Task, Task < Needed Needed`.
func outline(of draft: PlanDraft) -> [String] {
    let titles = Dictionary(uniqueKeysWithValues: draft.tasks.map { ($0.key, $0.title) })
    return draft.phases.map { phase in
        let tasks = phase.tasks.map { task in
            task.title + (task.after.isEmpty ? "" : " < " + task.after.map { titles[$0] ?? "?" }.joined(separator: " & "))
        }
        return "\(phase.name): " + tasks.joined(separator: ", ")
    }
}

func refusal(of description: String, limits: BuiltInPlanner.Limits = .init()) -> ServiceError? {
    do {
        _ = try plan(description, limits: limits)
        return nil
    } catch {
        return error as? ServiceError
    }
}

enum JSON {
    /// `value` encoded and decoded again.
    static func roundTrip<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
}
