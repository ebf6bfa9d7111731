import Models

/// What an agent with a model is told: who it is, what it knows, and what it is to do.
struct Prompt: Sendable {
    private static let filesMax = 200
    private static let tasksMax = 50
    private static let memoriesMax = 50

    private let context: RunContext

    init(_ context: RunContext) { self.context = context }

    /// Everything, for a program that takes one text.
    var whole: String { "\(system)\n\(task)" }

    /// Who the agent is and how it works: its instructions and its skills.
    var system: String {
        var text = "You are \(context.agent.name).\n"
        if !context.agent.instructions.isEmpty { text += "\n\(context.agent.instructions)\n" }
        for skill in context.skills { text += "\n# Skill: \(skill.slug) \(skill.version)\n\n\(skill.content)\n" }
        return text
    }

    /// What is to be done, and what surrounds it.
    var task: String {
        var text = "# Task: \(context.task.title)\n"
        if !context.task.description.isEmpty { text += "\n\(context.task.description)\n" }
        if let goal = context.goal {
            text += "\n# Goal: \(goal.title)\n"
            if !goal.description.isEmpty { text += "\n\(goal.description)\n" }
        }
        if let project = context.project { text += about(project) }
        if !context.memories.isEmpty {
            text += "\n# What is known\n\n"
            for memory in context.memories.prefix(Prompt.memoriesMax) { text += "- \(memory.content)\n" }
        }
        return text
    }

    private func about(_ project: ProjectContext) -> String {
        var text = "\n# Project: \(project.project.name)\n"
        if !project.project.description.isEmpty { text += "\n\(project.project.description)\n" }
        if let tree = project.repository?.tree, !tree.isEmpty {
            text += "\nFiles:\n"
            for path in tree.prefix(Prompt.filesMax) { text += "- \(path)\n" }
            if tree.count > Prompt.filesMax { text += "- and \(tree.count - Prompt.filesMax) more\n" }
        }
        let others = project.tasks.filter { $0.id != context.task.id }
        if !others.isEmpty {
            text += "\nOther tasks:\n"
            for task in others.prefix(Prompt.tasksMax) { text += "- \(task.title) (\(task.status.rawValue))\n" }
        }
        return text
    }
}
