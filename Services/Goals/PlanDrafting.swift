import Models
import Planner
import Service

/// Turns a goal into a plan: the planner drafts it, and each task gets its agent.
struct PlanDrafting: Sendable {
    let environment: ServiceEnvironment

    /// Pages of agents that are asked for: a thousand agents to choose from.
    static let agentPagesMax = 5
    /// Bytes of the text that the human who approves the plan is shown.
    static let detailBytesMax = 64 << 10

    private struct AgentPage: Decodable {
        let agents: [Agent]
        let nextCursor: String?

        enum CodingKeys: String, CodingKey {
            case agents, nextCursor = "next_cursor"
        }
    }

    private struct AgentID: Decodable { let id: String }

    /// The id of an agent, by that or its slug.
    /// - Throws: 400 naming the field when there is none; 503 when the agents service does not answer.
    func agent(_ reference: String, _ field: String, workspace: String) async throws -> String {
        try Check.reference(reference, field)
        do {
            return try await environment.peers.get(.agents, "/agents-api/\(reference)", workspace: workspace, as: AgentID.self).id
        } catch let error as ServiceError where error.kind == .notFound {
            throw ServiceError.invalid(field, "no such agent \"\(reference)\"")
        }
    }

    /// Every agent of the workspace that a task may be given to.
    func agents(workspace: String) async throws -> [Agent] {
        var agents: [Agent] = []
        var cursor = ""
        for _ in 0..<PlanDrafting.agentPagesMax {
            let page = try await environment.peers.get(
                .agents, "/agents-api?limit=200\(cursor)", workspace: workspace, as: AgentPage.self)
            agents += page.agents
            guard let next = page.nextCursor else { break }
            cursor = "&cursor=\(next)"
        }
        return agents
    }

    /// The goal with its next plan: the tasks, all drafts, and the approval that they wait for.
    /// - Throws: 400 for a description that makes no plan, naming a cycle.
    func draft(_ goal: Goal, project: Project?, agents: [Agent], by actor: Actor, at now: Timestamp) throws -> GoalDrafted {
        let draft = try BuiltInPlanner.plan(title: goal.title, description: goal.description)
        let team = PlanRules.Team(
            agents: agents, goalAgent: goal.agentID, projectAgent: project?.agentID, projectAgents: project?.agentIDs ?? [])
        var goal = goal
        let (tasks, warnings) = PlanRules.tasks(of: draft, for: goal, team: team, by: actor, at: now) {
            Identifier.make("task", at: now)
        }
        goal.planVersion += 1
        goal.warnings = warnings
        goal.progress = TaskCounts(total: tasks.count)
        var approval = Approval(
            id: Identifier.make("appr", at: now), workspaceID: goal.workspaceID, type: .plan,
            title: String("Plan: \(goal.title)".prefix(Check.nameLengthMax)),
            detail: PlanDrafting.detail(of: draft, tasks, warnings),
            subjectType: "goal", subjectID: goal.id, projectID: goal.projectID, requestedBy: actor, createdAt: now, updatedAt: now
        )
        goal.approvalID = approval.id
        if project?.autoApprovePlan == true {
            approval.status = .approved
            approval.decision = Decision(
                by: .suite, at: now, comment: "the project approves its plans by itself (auto_approve_plan)")
        }
        return GoalDrafted(goal: goal, tasks: tasks, approval: approval)
    }

    /// The plan as text: phases, tasks with their agents and what they wait for, warnings.
    static func detail(of draft: PlanDraft, _ tasks: [AgentTask], _ warnings: [String]) -> String {
        let titles = Dictionary(tasks.map { ($0.id, $0.title) }, uniquingKeysWith: { first, _ in first })
        var text = ""
        var phase: String?
        for task in tasks {
            if task.phase != phase {
                phase = task.phase
                text += "\(text.isEmpty ? "" : "\n")## \(phase ?? "")\n"
            }
            text += "- \(task.title)"
            if let agent = task.agentID { text += " (\(agent))" }
            let waits = task.dependsOn.compactMap { titles[$0] }
            if !waits.isEmpty { text += ", after \(waits.prefix(10).joined(separator: ", "))\(waits.count > 10 ? " …" : "")" }
            text += "\n"
        }
        if !warnings.isEmpty { text += "\nWarnings:\n" + warnings.map { "- \($0)\n" }.joined() }
        guard text.utf8.count > detailBytesMax else { return text }
        return String(decoding: Array(text.utf8.prefix(detailBytesMax)), as: UTF8.self) + "\n…"
    }
}
