import Models

/// What a project's members may be, and what it becomes: pure.
enum ProjectRules {
    static let agentsMax = 100
    static let urlBytesMax = 2048
    static let pathBytesMax = 1024

    /// A new project as its body describes it; its slug is still to be made unique, and its agents to be looked up.
    /// - Throws: 400 naming the field.
    static func make(_ body: CreateProject, id: String, workspace: String, by actor: Actor, at now: Timestamp)
        throws(ServiceError) -> Project
    {
        let name = body.name ?? "Untitled"
        let project = Project(
            id: id, workspaceID: workspace, name: name, slug: body.slug ?? Slug.make(from: name) ?? "project",
            description: body.description ?? "", repoURL: body.repoURL, agentIDs: body.agentIDs ?? [],
            strategy: body.strategy ?? .performance, autoApprovePlan: body.autoApprovePlan ?? false,
            autoApprovePhases: body.autoApprovePhases ?? true, decisionMode: body.decisionMode ?? .agent, path: body.path,
            agentID: body.agentID, smeArchetype: body.smeArchetype, review: body.review, createdBy: actor, createdAt: now,
            updatedAt: now)
        try check(project)
        return project
    }

    /// The project with the members that the body names.
    /// - Throws: 400 naming the field.
    static func merge(_ body: UpdateProject, into project: Project) throws(ServiceError) -> Project {
        var after = project
        after.name = try applied(body.name, to: project.name, "name")
        after.slug = try applied(body.slug, to: project.slug, "slug")
        after.description = body.description.applied(to: project.description) ?? ""
        after.repoURL = body.repoURL.applied(to: project.repoURL)
        after.agentIDs = body.agentIDs.applied(to: project.agentIDs) ?? []
        after.strategy = body.strategy.applied(to: project.strategy) ?? .performance
        after.autoApprovePlan = try applied(body.autoApprovePlan, to: project.autoApprovePlan, "auto_approve_plan")
        after.autoApprovePhases = try applied(body.autoApprovePhases, to: project.autoApprovePhases, "auto_approve_phases")
        after.decisionMode = body.decisionMode.applied(to: project.decisionMode) ?? .agent
        after.path = body.path.applied(to: project.path)
        after.agentID = body.agentID.applied(to: project.agentID)
        after.smeArchetype = body.smeArchetype.applied(to: project.smeArchetype)
        after.review = body.review.applied(to: project.review)
        try check(after)
        return after
    }

    private static func check(_ project: Project) throws(ServiceError) {
        try Check.name(project.name)
        _ = try Check.slug(project.slug, from: project.name)
        try Check.text(project.description, "description")
        if let url = project.repoURL { try checkRepository(url) }
        try Check.list(project.agentIDs, "agent_ids", max: agentsMax)
        for (index, agent) in project.agentIDs.enumerated() { try Check.reference(agent, "agent_ids[\(index)]") }
        if let agent = project.agentID { try Check.reference(agent, "agent_id") }
        if let path = project.path { try checkPath(path) }
        if let archetype = project.smeArchetype { try Check.name(archetype, "sme_archetype") }
    }

    /// A path or a URL that git may be given. What git would take for an option or for a helper program to start (`ext::sh …`)
    /// is refused.
    static func checkRepository(_ url: String) throws(ServiceError) {
        let field = "repo_url"
        guard !url.isEmpty, url.utf8.count <= urlBytesMax else { throw .invalid(field, "must have 1 to \(urlBytesMax) bytes") }
        guard url.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { throw .invalid(field, "must be one line of text") }
        guard !url.hasPrefix("-"), !url.contains("::") else {
            throw .invalid(field, "must be a path or a URL of a git repository")
        }
        guard let mark = url.firstRange(of: "://") else { return }
        guard ["http", "https", "ssh", "git", "file"].contains(url[..<mark.lowerBound].lowercased()) else {
            throw .invalid(field, "must be http, https, ssh, git or file, or a path")
        }
    }

    private static func checkPath(_ path: String) throws(ServiceError) {
        guard !path.isEmpty, path.utf8.count <= pathBytesMax else {
            throw .invalid("path", "must have 1 to \(pathBytesMax) bytes")
        }
        guard path.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { throw .invalid("path", "must be one line of text") }
        guard !path.split(separator: "/").contains("..") else { throw .invalid("path", "must not lead upwards") }
    }

    /// The first of `slug`, `slug-2`, `slug-3` … that is not taken.
    static func uniqueSlug(_ slug: String, isTaken: (String) throws -> Bool) rethrows -> String {
        guard try isTaken(slug) else { return slug }
        var number = 2
        while true {
            let suffix = "-\(number)"
            var stem = slug.prefix(Slug.lengthMax - suffix.utf8.count)
            while stem.last == "-" { stem.removeLast() }
            let candidate = stem + suffix
            if try !isTaken(String(candidate)) { return String(candidate) }
            number += 1
        }
    }

    /// Where a project stands, given its goals: it runs while one runs, has failed when one failed, waits while one waits.
    static func status(_ goals: [GoalStatus: Int]) -> ProjectStatus {
        func has(_ status: GoalStatus) -> Bool { (goals[status] ?? 0) > 0 }
        if has(.running) { return .running }
        if has(.failed) { return .failed }
        if has(.pending) { return .pending }
        if has(.completed) { return .completed }
        return has(.cancelled) ? .cancelled : .pending
    }

    /// The members of two states of a project that differ, for its activity.
    static func changes(from before: Project, to after: Project) -> [String] {
        var names: [String] = []
        func compare(_ name: String, _ isSame: Bool) { if !isSame { names.append(name) } }
        compare("name", before.name == after.name)
        compare("slug", before.slug == after.slug)
        compare("description", before.description == after.description)
        compare("repo_url", before.repoURL == after.repoURL)
        compare("agent_ids", before.agentIDs == after.agentIDs)
        compare("agent_id", before.agentID == after.agentID)
        compare("strategy", before.strategy == after.strategy)
        compare("auto_approve_plan", before.autoApprovePlan == after.autoApprovePlan)
        compare("auto_approve_phases", before.autoApprovePhases == after.autoApprovePhases)
        compare("decision_mode", before.decisionMode == after.decisionMode)
        compare("path", before.path == after.path)
        compare("sme_archetype", before.smeArchetype == after.smeArchetype)
        compare("review", before.review == after.review)
        compare("status", before.status == after.status)
        return names
    }

    private static func applied<Value>(_ field: Field<Value>, to current: Value, _ name: String) throws(ServiceError) -> Value {
        switch field {
        case .absent: return current
        case .null: throw .invalid(name, "must not be null")
        case .value(let value): return value
        }
    }
}
