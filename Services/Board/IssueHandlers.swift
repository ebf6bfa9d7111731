import Models
import Service
import Storage

/// What becomes of the requests about issues, on the workspace surface. An agent's token reaches the issues of its project.
struct IssueHandlers: Sendable {
    let store: IssueStore
    let references: BoardReferences

    func list(_ call: Call) async throws -> Reply<WorkspaceIssuePage> {
        var filters = call.equals("priority", "assignee_id")
        let words = call.query.list("status")
        if !words.isEmpty { filters.append(.isIn("status", try words.map { try IssueRules.status($0).rawValue })) }
        if let text = call.query["search"], !text.isEmpty { filters.append(.contains("title", text)) }
        let asked = call.principal.run.map { $0.projectID ?? "none" } ?? call.query["project_id"]
        if let asked, !asked.isEmpty {
            // try?: a list of an unknown project is empty, as that of any filter which nothing meets.
            let known = try? await references.project(asked, workspace: call.workspace)
            filters.append(.equals("project_id", known ?? asked))
        }
        let query = try call.page(filters: filters, order: [.descending("created_at")])
        let page = try await call.read { try store.page(query, workspace: call.workspace, in: $0) }
        return Reply(
            WorkspaceIssuePage(issues: try page.items.map { WorkspaceIssue(try $0.model()) }, nextCursor: page.nextCursor))
    }

    func create(_ call: Call, body: CreateIssue) async throws -> CreatedShown<WorkspaceIssue> {
        try Check.name(body.title, "title", lengthMax: IssueRules.titleLengthMax)
        var input = body
        input.assigneeID = try await references.assignee(body.assigneeID, workspace: call.workspace)
        let project = try await home(call, body.projectID)
        let status = try IssueRules.status(body.status ?? "open")
        let made = input
        return try await call.write { transaction in
            let last = try store.lastRank(project: project, status: status, workspace: call.workspace, in: transaction)
            let issue = try IssueRules.make(
                made, project: project, number: try store.nextNumber(workspace: call.workspace, in: transaction),
                rank: Rank.between(last, nil) ?? "i", workspace: call.workspace, by: call.actor, at: call.now)
            let stored = try store.insert(issue, at: call.now, in: transaction)
            try call.emit("issue.created", stored, project: project, in: transaction)
            return CreatedShown(WorkspaceIssue(issue), of: stored, in: "/api/issues")
        }
    }

    func show(_ call: Call) async throws -> Shown<WorkspaceIssue> {
        let stored = try await call.read { try store.visible(call, in: $0) }
        return Shown(WorkspaceIssue(try stored.model()), of: stored)
    }

    func update(_ call: Call, body: UpdateIssue) async throws -> Shown<WorkspaceIssue> {
        var input = body
        if case .value(let assignee) = body.assigneeID {
            input.assigneeID = try await references.assignee(assignee, workspace: call.workspace).map { .value($0) } ?? .null
        }
        if case .value(let project) = body.projectID {
            input.projectID = try await home(call, project).map { .value($0) } ?? .null
        }
        let change = input
        return try await call.write { transaction in
            let stored = try store.visible(call, in: transaction)
            try call.checkMatch(stored)
            let old = try stored.model()
            var issue = try IssueRules.update(
                old, with: change, project: change.projectID.applied(to: old.projectID), at: call.now)
            if issue.status != old.status || issue.projectID != old.projectID {
                let last = try store.lastRank(
                    project: issue.projectID, status: issue.status, workspace: call.workspace, in: transaction)
                issue.rank = Rank.between(last, nil) ?? issue.rank
            }
            let changed = try store.replace(stored, with: issue, at: call.now, in: transaction)
            try call.emit("issue.updated", changed, project: issue.projectID, in: transaction)
            return Shown(WorkspaceIssue(issue), of: changed)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.visible(call, in: transaction)
            try call.checkMatch(stored)
            try store.delete(stored, in: transaction)
            try call.emit("issue.deleted", stored, project: try stored.model().projectID, in: transaction)
            return NoContent()
        }
    }

    /// The id of the project that an issue is to belong to. An agent's can only be its run's.
    private func home(_ call: Call, _ reference: String?) async throws -> String? {
        let project = try await references.project(reference, workspace: call.workspace)
        guard let run = call.principal.run else { return project }
        guard project == nil || project == run.projectID else { throw ServiceError.invalid("project_id", "no such project") }
        return run.projectID
    }
}

extension IssueStore {
    /// The issue of the path. An agent's token reaches those of its run's project.
    func visible(_ call: Call, in reader: any SQLReader) throws -> Stored<Issue> {
        let stored = try get(call.parameter("issueId"), workspace: call.workspace, in: reader)
        guard let run = call.principal.run else { return stored }
        guard let project = run.projectID, try stored.model().projectID == project else {
            throw ServiceError.notFound(Issue.noun)
        }
        return stored
    }
}

/// A page of issues on the workspace surface.
struct WorkspaceIssuePage: Codable, Sendable {
    let issues: [WorkspaceIssue]
    let nextCursor: String?

    enum CodingKeys: String, CodingKey { case issues, nextCursor = "next_cursor" }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(issues, forKey: .issues)
        try container.encode(nextCursor, forKey: .nextCursor)
    }
}
