import Models
import Service
import Storage

/// What becomes of the requests about an agent's skills. A skill may be named before it exists; a run gets those that are
/// published.
struct AgentSkillHandlers: Sendable {
    let store: AgentStore

    func list(_ call: Call) async throws -> Reply<AgentSkills> {
        let agent = try await call.read { try store.get(call.parameter("id"), workspace: call.workspace, in: $0).model() }
        return Reply(AgentSkills(skills: agent.skills))
    }

    func replace(_ call: Call, body: AssignSkills) async throws -> Found<Agent> {
        try await AgentChange.apply(call, store) { try AgentRules.assign(body.skills, to: $0, at: call.now) }
    }

    /// Adds skills; one that the agent has already, perhaps at another version, is replaced.
    func add(_ call: Call, body: AssignSkills) async throws -> Found<Agent> {
        try await AgentChange.apply(call, store) { agent in
            let added = Set(body.skills.map(AgentRules.skillSlug))
            let kept = agent.skills.filter { !added.contains(AgentRules.skillSlug($0)) }
            return try AgentRules.assign(kept + body.skills, to: agent, at: call.now)
        }
    }

    /// Takes a skill away. 404 when the agent does not have it.
    func remove(_ call: Call) async throws -> NoContent {
        let slug = AgentRules.skillSlug(call.parameter("skill"))
        _ = try await AgentChange.apply(call, store) { agent in
            let kept = agent.skills.filter { AgentRules.skillSlug($0) != slug }
            guard kept.count < agent.skills.count else { throw ServiceError.notFound("skill of this agent") }
            return try AgentRules.assign(kept, to: agent, at: call.now)
        }
        return NoContent()
    }
}
