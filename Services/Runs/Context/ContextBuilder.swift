import HTTP
import Identity
import Models
import Service
import Storage

/// Gathers all that an agent starts with, from the services that know it.
///
/// Agent and task must be there. What else cannot be had is a warning in the context: a run does not fail for a missing skill.
struct ContextBuilder: Sendable {
    /// The project's tasks that an agent is told of.
    static let tasksMax = 200
    /// Memories of each scope.
    static let memoriesMax = 50

    let environment: ServiceEnvironment
    let directory: AgentDirectory
    let trees: RepositoryTrees

    /// - Throws: 503 when the agents or tasks service does not answer: the runner asks again.
    func context(of run: Run, asking binding: RunBinding) async throws -> RunContext {
        let warnings = Warnings()
        let agent = try await directory.agent(run.agentID, in: run.workspaceID, field: "agent_id")
        let task = try await environment.peers.get(
            .tasks, "/tasks-api/\(PercentCoding.encoded(run.taskID))", workspace: run.workspaceID, as: AgentTask.self)
        async let goal = self.goal(run, warnings)
        async let others = self.tasks(of: run, warnings)
        async let project = self.project(run, warnings)
        async let skills = self.skills(of: agent, warnings)
        async let memories = self.memories(for: run, scopes: agent.memoryPolicy.readScopes, warnings)
        let branches = try await self.branches(task, among: others, run, warnings)
        var whole: ProjectContext?
        if let project = await project {
            let repository = await trees.repository(at: project.repoURL)
            whole = ProjectContext(
                project, defaultBranch: repository?.branch, repository: repository.map { RepositoryContext(tree: $0.tree) },
                tasks: await others.map { TaskContext(id: $0.id, title: $0.title, status: $0.status, branch: $0.branch) })
        }
        let problems = warnings.all
        return RunContext(
            run: run, agent: agent, task: task, goal: await goal, project: whole, skills: await skills, memories: await memories,
            dependencyBranches: branches, warnings: problems.isEmpty ? nil : problems)
    }

    private func goal(_ run: Run, _ warnings: Warnings) async -> Goal? {
        guard let id = run.goalID else { return nil }
        return await warnings.trying("the goal \(id)") {
            try await environment.peers.get(
                .goals, "/goals-api/\(PercentCoding.encoded(id))", workspace: run.workspaceID, as: Goal.self)
        }
    }

    private func project(_ run: Run, _ warnings: Warnings) async -> Project? {
        guard let id = run.projectID else { return nil }
        return await warnings.trying("the project \(id)") {
            try await environment.peers.get(
                .goals, "/api/projects/\(PercentCoding.encoded(id))", workspace: run.workspaceID, as: Project.self)
        }
    }

    private struct TaskPage: Decodable {
        let tasks: [AgentTask]
    }

    private func tasks(of run: Run, _ warnings: Warnings) async -> [AgentTask] {
        guard let project = run.projectID else { return [] }
        let page = await warnings.trying("the project's tasks") {
            try await environment.peers.get(
                .tasks, "/tasks-api?project_id=\(PercentCoding.encoded(project))&limit=\(ContextBuilder.tasksMax)",
                workspace: run.workspaceID, as: TaskPage.self)
        }
        return page?.tasks ?? []
    }

    /// The branches of what the task depends on, in that order; those that left none are passed over.
    private func branches(
        _ task: AgentTask, among known: [AgentTask], _ run: Run, _ warnings: Warnings
    ) async throws -> [String] {
        var branches: [String] = []
        for id in task.dependsOn {
            if let other = known.first(where: { $0.id == id }) {
                if let branch = other.branch { branches.append(branch) }
                continue
            }
            do {
                let other = try await environment.peers.get(
                    .tasks, "/tasks-api/\(PercentCoding.encoded(id))", workspace: run.workspaceID, as: AgentTask.self)
                if let branch = other.branch { branches.append(branch) }
            } catch let error as ServiceError where error.kind == .notFound {
                // It was deleted since; whatever it left is not waited for.
                warnings.add("the task \(id), which this one depended on, is gone")
            }
        }
        return branches
    }

    private func skills(of agent: Agent, _ warnings: Warnings) async -> [SkillContext] {
        var skills: [SkillContext] = []
        for reference in agent.skills {
            let found = await warnings.trying("the skill \(reference)") { try await skill(reference, in: agent.workspaceID) }
            if let found { skills.append(found) }
        }
        return skills
    }

    /// - Parameter reference: `slug`, for the published version, or `slug@version`.
    private func skill(_ reference: String, in workspace: String) async throws -> SkillContext {
        let parts = reference.split(separator: "@", maxSplits: 1).map(String.init)
        guard let slug = parts.first else { throw ServiceError.notFound("skill") }
        let path = "/skills-api/\(PercentCoding.encoded(slug))"
        var version = parts.count > 1 ? parts[1] : nil
        if version == nil {
            version = try await environment.peers.get(.skills, path, workspace: workspace, as: Skill.self).publishedVersion
        }
        guard let version else { throw ServiceError.notFound("published version of it") }
        let kept = try await environment.peers.get(
            .skills, "\(path)/versions/\(PercentCoding.encoded(version))", workspace: workspace, as: SkillVersion.self)
        return SkillContext(slug: slug, version: kept.version, content: kept.content)
    }

    private struct MemoryPage: Decodable {
        let memories: [Models.Memory]
    }

    private func memories(for run: Run, scopes: [MemoryScope], _ warnings: Warnings) async -> [MemoryContext] {
        var memories: [Models.Memory] = []
        for scope in MemoryScope.allCases where scopes.contains(scope) {
            var target = "/memory-api?scope=\(scope.rawValue)&sort=importance&limit=\(ContextBuilder.memoriesMax)"
            switch scope {
            case .global: break
            case .project:
                guard let project = run.projectID else { continue }
                target += "&project_id=\(PercentCoding.encoded(project))"
            case .agentPrivate: target += "&agent_id=\(PercentCoding.encoded(run.agentID))"
            }
            let asked = target
            let page = await warnings.trying("the memory of scope \(scope.rawValue)") {
                try await environment.peers.get(.memory, asked, workspace: run.workspaceID, as: MemoryPage.self)
            }
            memories += page?.memories ?? []
        }
        return memories.sorted { ($0.importance, $0.updatedAt) > ($1.importance, $1.updatedAt) }.map {
            MemoryContext(id: $0.id, scope: $0.scope, content: $0.content, tags: $0.tags)
        }
    }
}
