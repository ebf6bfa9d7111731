import Models
import Service
import Storage

/// `POST /api/v1/crews`.
struct CreateCrew: Codable, Sendable {
    var name: String
    var slug: String?
    var description: String?
    var color: String?
    var icon: String?
    var issuePrefix: String?
    var leadAgentID: String?
    var agentIDs: [String]?
    var onRunDone: Crew.Completion?

    enum CodingKeys: String, CodingKey {
        case name, slug, description, color, icon, issuePrefix = "issue_prefix", leadAgentID = "lead_agent_id"
        case agentIDs = "agent_ids", onRunDone = "on_run_done"
    }
}

/// `PATCH` and `PUT /api/v1/crews/{crewId}`: what is named changes, `null` or an empty string clears.
struct UpdateCrew: Codable, Sendable {
    var name: Field<String>
    var slug: Field<String>
    var description: Field<String>
    var color: Field<String>
    var icon: Field<String>
    var issuePrefix: Field<String>
    var leadAgentID: Field<String>
    var agentIDs: Field<[String]>
    var onRunDone: Field<Crew.Completion>

    enum CodingKeys: String, CodingKey {
        case name, slug, description, color, icon, issuePrefix = "issue_prefix", leadAgentID = "lead_agent_id"
        case agentIDs = "agent_ids", onRunDone = "on_run_done"
    }
}

/// An agent of a crew.
struct CrewMember: Codable, Sendable {
    enum Role: String, Codable, Sendable, CaseIterable { case lead = "LEAD", member = "MEMBER" }

    let agentID: String
    let name: OrNull<String>
    let role: Role

    enum CodingKeys: String, CodingKey { case agentID = "agent_id", name, role }
}

/// `POST …/members`.
struct AddMember: Codable, Sendable {
    var agentID: String
    var role: CrewMember.Role?

    enum CodingKeys: String, CodingKey { case agentID = "agent_id", role }
}

/// Crews and their members.
struct CrewHandlers: Sendable {
    let desk: IssueDesk

    private var store: CrewStore { desk.ledger.crews }

    func list(_ call: Call) async throws -> BareList<Crew> {
        BareList(views: try await call.read { try store.all(workspace: call.workspace, in: $0).map { try $0.model() } })
    }

    func show(_ call: Call) async throws -> Found<Crew> { Found(try await call.read { try desk.crew(call, in: $0) }) }

    func create(_ call: Call, body: CreateCrew) async throws -> Created<Crew> {
        var crew = try CrewRules.make(body, id: Identifier.make("crew", at: call.now), call.cause)
        crew.leadAgentID = try await agent(body.leadAgentID, "lead_agent_id", call)
        crew.agentIDs = try await agents(body.agentIDs ?? [], call)
        let made = CrewRules.led(crew)
        return try await call.write { transaction in
            let stored = try store.insert(made, in: transaction)
            try call.emit("crew.created", stored, in: transaction)
            return Created(stored, in: "/api/v1/crews")
        }
    }

    func update(_ call: Call, body: UpdateCrew) async throws -> Found<Crew> {
        let lead = try await agent(body.leadAgentID.applied(to: nil), "lead_agent_id", call)
        let members = try await agents(body.agentIDs.applied(to: nil) ?? [], call)
        return try await change(call) { crew in
            crew = try CrewRules.merge(body, into: crew)
            if !body.leadAgentID.isAbsent { crew.leadAgentID = lead }
            if !body.agentIDs.isAbsent {
                crew.agentIDs = members
                if body.leadAgentID.isAbsent, let lead = crew.leadAgentID, !members.contains(lead) { crew.leadAgentID = nil }
            }
        }
    }

    /// A crew that has issues stays.
    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try desk.crew(call, in: transaction)
            try call.checkMatch(stored)
            let crew = try stored.model()
            let counts = try desk.ledger.issues.counts(.crew(crew.id), workspace: call.workspace, in: transaction)
            let issues = counts.values.reduce(0) { $0 + $1.issues }
            guard issues == 0 else {
                throw ServiceError.conflict("the crew has \(issues) issues: delete them first", code: "has_issues")
            }
            guard !crew.isDefault else {
                throw ServiceError.conflict("issues that belong to no other crew belong to this one", code: "default_crew")
            }
            try store.delete(stored, in: transaction)
            try call.emit("crew.deleted", stored, in: transaction)
            return NoContent()
        }
    }

    func members(_ call: Call) async throws -> BareList<CrewMember> {
        try await call.read { reader in
            let crew = try desk.crew(call, in: reader).model()
            return BareList(views: try members(of: crew, desk.facts(call, in: reader)))
        }
    }

    func addMember(_ call: Call, body: AddMember) async throws -> CreatedReply<CrewMember> {
        let id = try await desk.references.agent(body.agentID, workspace: call.workspace, field: "agent_id")
        let crew = try await change(call) { crew in
            if !crew.agentIDs.contains(id) { crew.agentIDs.append(id) }
            if body.role == .lead { crew.leadAgentID = id }
            if body.role == .member, crew.leadAgentID == id { crew.leadAgentID = nil }
        }
        let role = try crew.stored.model().leadAgentID == id ? CrewMember.Role.lead : .member
        let name = try await call.read { try desk.facts(call, in: $0).name(.agent, id) }
        return CreatedReply(
            CrewMember(agentID: id, name: OrNull(name), role: role), at: "/api/v1/crews/\(crew.stored.id)/members/\(id)")
    }

    func removeMember(_ call: Call) async throws -> NoContent {
        let named = call.parameter("agentId").isEmpty ? call.query["agent_id"] ?? "" : call.parameter("agentId")
        let known = try await call.read { reader in
            _ = try desk.crew(call, in: reader)
            let reference = try Check.reference(named, "agent_id")
            return try desk.ledger.known.find(.agent, reference, workspace: call.workspace, in: reader)?.id ?? reference
        }
        _ = try await change(call) { crew in
            guard crew.agentIDs.contains(known) else { throw ServiceError.notFound("member") }
            crew.agentIDs.removeAll { $0 == known }
            if crew.leadAgentID == known { crew.leadAgentID = nil }
        }
        return NoContent()
    }

    private func members(of crew: Crew, _ facts: IssueFacts) throws -> [CrewMember] {
        try crew.agentIDs.map { id in
            CrewMember(
                agentID: id, name: OrNull(try facts.name(.agent, id)), role: id == crew.leadAgentID ? .lead : .member)
        }
    }

    private func change(_ call: Call, _ body: @escaping @Sendable (inout Crew) throws -> Void) async throws -> Found<Crew> {
        try await call.write { transaction in
            let stored = try desk.crew(call, in: transaction)
            try call.checkMatch(stored)
            var crew = try stored.model()
            try body(&crew)
            crew = CrewRules.led(crew)
            crew.updatedAt = call.now
            let changed = try store.replace(stored, with: crew, in: transaction)
            try call.emit("crew.updated", changed, in: transaction)
            return Found(changed)
        }
    }

    private func agent(_ reference: String?, _ field: String, _ call: Call) async throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        return try await desk.references.agent(reference, workspace: call.workspace, field: field)
    }

    private func agents(_ references: [String], _ call: Call) async throws -> [String] {
        try Check.list(references, "agent_ids", max: CrewRules.agentsMax)
        var ids: [String] = []
        for reference in references {
            let id = try await desk.references.agent(reference, workspace: call.workspace, field: "agent_ids")
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }
}
