/// All that an agent starts with: `GET /runs-api/{id}/context`.
public struct RunContext: Sendable, Codable {
    public var run: Run
    public var agent: Agent
    public var task: AgentTask
    public var goal: Goal?
    public var project: ProjectContext?
    /// The published skills that the agent was given.
    public var skills: [SkillContext]
    /// The memory that the agent's policy lets it read, most useful first.
    public var memories: [MemoryContext]
    /// The branches of the tasks that this one depends on, in the order in which they are merged.
    public var dependencyBranches: [String]
    /// What could not be had, for the run's log: a skill that is not there, a memory service that does not answer.
    public var warnings: [String]?

    public init(
        run: Run, agent: Agent, task: AgentTask, goal: Goal? = nil, project: ProjectContext? = nil, skills: [SkillContext] = [],
        memories: [MemoryContext] = [], dependencyBranches: [String] = [], warnings: [String]? = nil
    ) {
        self.run = run
        self.agent = agent
        self.task = task
        self.goal = goal
        self.project = project
        self.skills = skills
        self.memories = memories
        self.dependencyBranches = dependencyBranches
        self.warnings = warnings
    }

    enum CodingKeys: String, CodingKey {
        case run, agent, task, goal, project, skills, memories, dependencyBranches = "dependency_branches", warnings
    }
}

/// A project's own members, and beside them what a run needs to find its way in it.
public struct ProjectContext: Sendable, Codable {
    public var project: Project
    /// Where runs start from; the repository's HEAD when absent.
    public var defaultBranch: String?
    public var repository: RepositoryContext?
    public var tasks: [TaskContext]

    public init(
        _ project: Project, defaultBranch: String? = nil, repository: RepositoryContext? = nil, tasks: [TaskContext] = []
    ) {
        self.project = project
        self.defaultBranch = defaultBranch
        self.repository = repository
        self.tasks = tasks
    }

    enum CodingKeys: String, CodingKey {
        case defaultBranch = "default_branch", repository, tasks
    }

    public init(from decoder: any Decoder) throws {
        project = try Project(from: decoder)
        let members = try decoder.container(keyedBy: CodingKeys.self)
        defaultBranch = try members.decodeIfPresent(String.self, forKey: .defaultBranch)
        repository = try members.decodeIfPresent(RepositoryContext.self, forKey: .repository)
        tasks = try members.decodeIfPresent([TaskContext].self, forKey: .tasks) ?? []
    }

    public func encode(to encoder: any Encoder) throws {
        try project.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(defaultBranch, forKey: .defaultBranch)
        try members.encodeIfPresent(repository, forKey: .repository)
        try members.encode(tasks, forKey: .tasks)
    }
}

/// What is known of a repository before it is checked out.
public struct RepositoryContext: Sendable, Codable, Hashable {
    /// Paths of tracked files, sorted.
    public var tree: [String]

    public init(tree: [String]) { self.tree = tree }
}

/// Another task of the project, as far as an agent needs to know it.
public struct TaskContext: Sendable, Codable, Hashable {
    public var id: String
    public var title: String
    public var status: TaskStatus
    public var branch: String?

    public init(id: String, title: String, status: TaskStatus, branch: String? = nil) {
        self.id = id
        self.title = title
        self.status = status
        self.branch = branch
    }
}

/// A published skill, at the version that the agent was given.
public struct SkillContext: Sendable, Codable, Hashable {
    public var slug: String
    public var version: String
    /// Markdown.
    public var content: String

    public init(slug: String, version: String, content: String) {
        self.slug = slug
        self.version = version
        self.content = content
    }
}

/// A memory that the agent may read.
public struct MemoryContext: Sendable, Codable, Hashable {
    public var id: String
    public var scope: MemoryScope
    public var content: String
    public var tags: [String]

    public init(id: String, scope: MemoryScope, content: String, tags: [String] = []) {
        self.id = id
        self.scope = scope
        self.content = content
        self.tags = tags
    }
}
