import Models

/// What the domain asks of a crew. Pure functions.
enum CrewRules {
    static let agentsMax = 200
    static let prefixLengthMax = 10
    static let iconLengthMax = 64

    static func make(_ body: CreateCrew, id: String, _ cause: Cause) throws(ServiceError) -> Crew {
        try Check.name(body.name)
        let crew = Crew(
            id: id, workspaceID: cause.workspace, name: body.name, slug: try Check.slug(body.slug, from: body.name),
            description: try Check.text(body.description ?? "", "description"), color: try color(body.color),
            icon: try icon(body.icon), issuePrefix: try prefix(body.issuePrefix), agentIDs: [],
            onRunDone: body.onRunDone ?? .review, isDefault: false, createdAt: cause.now, updatedAt: cause.now)
        return crew
    }

    static func merge(_ body: UpdateCrew, into crew: Crew) throws -> Crew {
        var crew = crew
        crew.name = try Check.name(try body.name.applied(to: crew.name, field: "name"))
        crew.slug = try Check.slug(try body.slug.applied(to: crew.slug, field: "slug"), from: crew.name)
        crew.description = try Check.text(body.description.applied(to: crew.description) ?? "", "description")
        crew.color = try color(body.color.applied(to: crew.color))
        crew.icon = try icon(body.icon.applied(to: crew.icon))
        crew.issuePrefix = try prefix(body.issuePrefix.applied(to: crew.issuePrefix))
        crew.onRunDone = body.onRunDone.applied(to: crew.onRunDone) ?? .review
        return crew
    }

    /// The crew with its lead among its agents.
    static func led(_ crew: Crew) -> Crew {
        var crew = crew
        if let lead = crew.leadAgentID, !crew.agentIDs.contains(lead) { crew.agentIDs.insert(lead, at: 0) }
        return crew
    }

    /// 1 to 10 letters and digits, in capitals.
    static func prefix(_ text: String?) throws(ServiceError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        let isPrefix =
            (1...prefixLengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) }
        guard isPrefix else { throw .invalid("issue_prefix", "must be 1 to \(prefixLengthMax) letters and digits") }
        return text.uppercased()
    }

    private static func color(_ text: String?) throws(ServiceError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        return try LabelRules.color(text)
    }

    private static func icon(_ text: String?) throws(ServiceError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        return try Check.name(text, "icon", lengthMax: iconLengthMax)
    }
}
