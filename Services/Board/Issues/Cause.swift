import Models
import Service

/// Who changes something, in which workspace, and when.
struct Cause: Sendable {
    let actor: Actor
    let workspace: String
    let now: Timestamp

    var isByAgent: Bool { actor.type == .agent }

    /// The channel that it came by (seed 003).
    var via: String { isByAgent ? "agent_tool_call" : "user_api" }
}

extension Call {
    var cause: Cause { Cause(actor: actor, workspace: workspace, now: now) }
}
