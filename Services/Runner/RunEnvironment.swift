import Models

/// What the agent's programs get: the run's own variables, the secrets that the agent was given, and nothing else of the host.
struct RunEnvironment: Sendable {
    private static let pathDefault = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    private static let handedOn = [
        "NEXUS_URL", "NEXUS_AGENT_TOKEN", "NEXUS_RUN_ID", "NEXUS_TASK_ID", "NEXUS_TASK_TITLE", "NEXUS_PROJECT_ID",
        "NEXUS_AGENT_ID", "NEXUS_ISSUE_ID",
        "PATH", "LANG", "TZ", "TRACEPARENT",
    ]

    let variables: [String: String]

    init(_ options: RunnerOptions, _ context: RunContext, folders: RunFolders) {
        var variables = ["PATH": RunEnvironment.pathDefault, "LANG": "C.UTF-8"]
        variables["NEXUS_TASK_ID"] = context.task.id
        variables["NEXUS_TASK_TITLE"] = context.task.title
        variables["NEXUS_AGENT_ID"] = context.agent.id
        variables["NEXUS_ISSUE_ID"] = context.task.issueID
        variables["NEXUS_PROJECT_ID"] = context.project?.project.id
        for name in RunEnvironment.handedOn + context.agent.secrets {
            if let value = options.environment[name] { variables[name] = value }
        }
        variables["HOME"] = folders.home
        variables["TMPDIR"] = folders.temporary
        variables["NEXUS_ARTIFACTS"] = folders.artifacts
        variables["GIT_TERMINAL_PROMPT"] = "0"
        variables.merge(GitAuthor(context.agent).environment) { _, author in author }
        // For the agent's own git in the run's worktree, whoever owns the repository.
        variables["GIT_CONFIG_COUNT"] = "1"
        variables["GIT_CONFIG_KEY_0"] = "safe.directory"
        variables["GIT_CONFIG_VALUE_0"] = "*"
        self.variables = variables
    }
}

/// The folders of a run, all in its own.
struct RunFolders: Sendable {
    let root: String

    /// Where the agent works.
    var tree: String { "\(root)/tree" }
    var home: String { "\(root)/home" }
    var temporary: String { "\(root)/tmp" }
    /// What the agent leaves here is kept with the run.
    var artifacts: String { "\(root)/artifacts" }
    /// The blocks of the task, one file each, and the patch.
    var scripts: String { "\(root)/scripts" }

    func make() throws {
        for folder in [root, home, temporary, artifacts, scripts] { try Folder.make(folder) }
    }

    func remove() {
        for folder in [tree, home, temporary, artifacts, scripts] { Folder.remove(folder) }
    }
}
