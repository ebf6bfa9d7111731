import Models
import Planner

/// Makes tasks of a draft: ids, order, and who does what. Pure.
enum PlanRules {
    /// What of the goal and its project decides who does a task.
    struct Team {
        /// Every agent of the workspace, by id.
        let agents: [Agent]
        let goalAgent: String?
        let projectAgent: String?
        /// The project's own agents; all of the workspace's when there are none.
        let projectAgents: [String]
    }

    /// The tasks of a plan, in its order, all `draft`; and what the human who approves it should know.
    static func tasks(
        of draft: PlanDraft, for goal: Goal, team: Team, by actor: Actor, at now: Timestamp, makeID: () -> String
    ) -> (tasks: [AgentTask], warnings: [String]) {
        var ids: [String: String] = [:]
        for task in draft.tasks { ids[task.key] = makeID() }
        var warnings = draft.warnings
        var tasks: [AgentTask] = []
        for (position, planned) in draft.tasks.enumerated() {
            let choice = agent(for: planned, team)
            if let warning = choice.warning { warnings.append(warning) }
            tasks.append(
                AgentTask(
                    id: ids[planned.key] ?? makeID(), workspaceID: goal.workspaceID, title: planned.title,
                    description: planned.description,
                    status: .draft, projectID: goal.projectID, goalID: goal.id, phase: planned.phase, position: position,
                    agentID: choice.id, dependsOn: planned.after.compactMap { ids[$0] }, createdBy: actor, createdAt: now,
                    updatedAt: now))
        }
        return (tasks, warnings)
    }

    /// `@slug` in the item, else the goal's agent, else the project's, else the one whose skills and tools match best, else none.
    static func agent(for task: PlannedTask, _ team: Team) -> (id: String?, warning: String?) {
        let fallback = team.goalAgent ?? team.projectAgent
        if let slug = task.agent {
            if let named = team.agents.first(where: { $0.slug == slug || $0.id == slug }) {
                let warning = named.enabled ? nil : "\"\(task.title)\" is for @\(slug), which is disabled"
                return (named.id, warning)
            }
            let chosen = fallback ?? best(for: task, team)
            let who = chosen.map { "; it goes to \($0)" } ?? "; it has no agent"
            return (chosen, "\"\(task.title)\" is for @\(slug), but there is no such agent\(who)")
        }
        if let fallback { return (fallback, nil) }
        if let best = best(for: task, team) { return (best, nil) }
        return (nil, "\"\(task.title)\" has no agent: none was named, and none has skills or tools that match")
    }

    /// The enabled agent with the most words in common with the task. Of equals the first by slug.
    private static func best(for task: PlannedTask, _ team: Team) -> String? {
        let wanted = words(of: task)
        var best: (score: Int, agent: Agent)?
        for agent in team.agents.sorted(by: { $0.slug < $1.slug }) where agent.enabled {
            guard team.projectAgents.isEmpty || team.projectAgents.contains(agent.id) else { continue }
            let score = words(of: agent).intersection(wanted).count
            if score > 0, score > best?.score ?? 0 { best = (score, agent) }
        }
        return best?.agent.id
    }

    /// The words of a task; one with a block to run also asks for a shell.
    static func words(of task: PlannedTask) -> Set<String> {
        var words = words(in: task.title).union(words(in: task.description))
        for fence in ["```sh", "```bash", "```shell", "~~~sh", "~~~bash"] where task.description.contains(fence) {
            words.insert("shell")
        }
        return words
    }

    /// What an agent is good at: the words of its skills and tools.
    static func words(of agent: Agent) -> Set<String> {
        var words = Set(agent.tools.map(\.rawValue))
        for skill in agent.skills { words.formUnion(PlanRules.words(in: String(skill.prefix { $0 != "@" }))) }
        return words.subtracting(common)
    }

    /// Words in skills' names that say nothing of what a task is about.
    private static let common: Set<String> = ["and", "for", "the", "of", "to", "in", "with", "a", "an", "on"]

    private static func words(in text: String) -> Set<String> {
        Set(
            text.lowercased().utf8.split { !(97...122).contains($0) && !(48...57).contains($0) && $0 < 128 }
                .map { String(decoding: $0, as: UTF8.self) })
    }
}
