import HTTP
import Models
import Service
import Storage

/// What belongs to an issue on the crews surface: comments, relations, history, sub-issues, code links.
struct CrewPartHandlers: Sendable {
    /// Lines of history that are shown, newest first.
    private static let activityMax = 50
    private static let urlBytesMax = 2048

    let desk: IssueDesk

    private var ledger: IssueLedger { desk.ledger }

    func comments(_ call: Call) async throws -> BareList<CrewComment> {
        let query = try call.page(order: [.ascending("id")])
        return try await call.read { reader in
            let issue = try desk.issueOfCrew(call, in: reader)
            let page = try ledger.history.comments(of: issue.id, query, workspace: call.workspace, in: reader)
            let facts = desk.facts(call, in: reader)
            return BareList(views: try page.items.map { try CrewComment($0.model(), facts) }, nextCursor: page.nextCursor)
        }
    }

    func comment(_ call: Call, body: CreateCrewComment) async throws -> CreatedReply<CrewComment> {
        let text = try IssueRules.comment(body.body, "body")
        return try await call.write { transaction in
            let issue = try desk.issueOfCrew(call, in: transaction)
            let comment = try ledger.comment(text, on: issue, call.cause, in: transaction)
            let path = String(decoding: call.request.path, as: UTF8.self)
            return CreatedReply(
                try CrewComment(comment.model(), desk.facts(call, in: transaction)), at: "\(path)/\(comment.id)")
        }
    }

    func relations(_ call: Call) async throws -> BareList<CrewRelation> {
        try await call.read { reader in
            let issue = try desk.issueOfCrew(call, in: reader).model()
            let facts = desk.facts(call, in: reader)
            return BareList(views: try facts.links(of: issue).map { try CrewRelation($0, from: issue.id, facts) })
        }
    }

    func relate(_ call: Call, body: CreateRelation) async throws -> CreatedReply<CrewRelation> {
        let type = try CrewRelation.type(body.relationType)
        return try await call.write { transaction in
            let issue = try desk.issueOfCrew(call, in: transaction)
            let target = try target(body.targetIdentifier, beside: issue, call, in: transaction)
            let link = try ledger.link(issue, type, to: target, field: "target_identifier", call.cause, in: transaction)
            return CreatedReply(
                try CrewRelation(link, from: issue.id, desk.facts(call, in: transaction)), at: "/api/v1/relations/\(link.id)")
        }
    }

    /// The issue of an identifier: of the same crew, if that has one, or of another.
    private func target(
        _ reference: String, beside issue: Stored<Issue>, _ call: Call, in reader: any SQLReader
    ) throws -> Stored<Issue> {
        let crew = try issue.model().crewID
        do {
            return try ledger.issues.get(reference, crew: crew, workspace: call.workspace, in: reader)
        } catch let error as ServiceError where error.kind == .notFound {
            return try desk.named(reference, "target_identifier", call, in: reader)
        }
    }

    /// The one deletion that answers 200.
    func unrelate(_ call: Call) async throws -> Reply<Deleted> {
        try await call.write { transaction in
            try ledger.unlink(try desk.link(call, "id", in: transaction), call.cause, in: transaction)
            return Reply(Deleted(deleted: true))
        }
    }

    func activity(_ call: Call) async throws -> BareList<CrewActivity> {
        let query = try call.page(order: [.descending("id")], limit: CrewPartHandlers.activityMax)
        return try await call.read { reader in
            let issue = try desk.issueOfCrew(call, in: reader)
            let page = try ledger.history.activity(of: issue.id, query, workspace: call.workspace, in: reader)
            let facts = desk.facts(call, in: reader)
            return BareList(views: try page.items.map { try CrewActivity($0.model(), facts) }, nextCursor: page.nextCursor)
        }
    }

    /// The sub-issues, in the order of the board.
    func subtasks(_ call: Call) async throws -> BareList<CrewIssue> {
        try await call.read { reader in
            let issue = try desk.issueOfCrew(call, in: reader)
            let query = ListQuery(
                filters: [.equals("parent_id", issue.id)], order: [.ascending("sort_order"), .ascending("created_at")],
                limit: ListQuery.limitMax)
            let facts = desk.facts(call, in: reader)
            let page = try ledger.issues.page(query, workspace: call.workspace, in: reader)
            return BareList(views: try page.items.map { try CrewIssue($0.model(), facts) })
        }
    }

    func codeLinks(_ call: Call) async throws -> BareList<CodeLink> {
        let query = try call.page(order: [.ascending("id")])
        return try await call.read { reader in
            var query = query
            query.filters = [.equals("issue_id", try desk.issueOfCrew(call, in: reader).id)]
            let page = try PlanningStore.codeLinks.list(query, workspace: call.workspace, in: reader)
            return BareList(views: try page.items.map { try $0.model() }, nextCursor: page.nextCursor)
        }
    }

    func addCodeLink(_ call: Call, body: CreateCodeLink) async throws -> CreatedReply<CodeLink> {
        guard body.url.utf8.count <= CrewPartHandlers.urlBytesMax, let parts = CodeAddress(body.url) else {
            throw ServiceError.invalid("url", "must be the https or http address of a pull or merge request")
        }
        if let title = body.title { try Check.name(title, "title", lengthMax: IssueRules.titleLengthMax) }
        return try await call.write { transaction in
            let issue = try desk.issueOfCrew(call, in: transaction)
            let link = CodeLink(
                id: Identifier.make("code", at: call.now), issueID: issue.id, url: body.url, provider: parts.provider,
                repository: parts.repository, number: parts.number, title: body.title, createdBy: call.actor,
                createdAt: call.now)
            let known = try PlanningStore.codeLinks.list(
                ListQuery(filters: [.equals("issue_id", issue.id)], limit: ListQuery.limitMax), workspace: call.workspace,
                in: transaction)
            guard try !known.items.contains(where: { try $0.model().url == body.url }) else {
                throw ServiceError.conflict("url: the issue has that link already", code: "link_exists")
            }
            try PlanningStore.codeLinks.insert(link, workspace: call.workspace, at: call.now, in: transaction)
            try ledger.note(
                "code_linked", of: issue.id, call.cause, details: body.url, subject: link.id, in: transaction)
            try ledger.touch(issue, call.cause, in: transaction)
            return CreatedReply(link, at: "\(String(decoding: call.request.path, as: UTF8.self))/\(link.id)")
        }
    }

    func deleteCodeLink(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let issue = try desk.issueOfCrew(call, in: transaction)
            let link = try PlanningStore.codeLinks.get(call.parameter("id"), workspace: call.workspace, in: transaction).model()
            guard link.issueID == issue.id else { throw ServiceError.notFound(CodeLink.noun) }
            try PlanningStore.codeLinks.delete(link.id, workspace: call.workspace, in: transaction)
            try ledger.note(
                "code_unlinked", of: issue.id, call.cause, details: link.url, subject: link.id, in: transaction)
            try ledger.touch(issue, call.cause, in: transaction)
            return NoContent()
        }
    }
}

/// What the address of a pull or merge request says: `https://github.com/owner/repo/pull/7`,
/// `https://gitlab.com/group/project/-/merge_requests/7`.
struct CodeAddress: Sendable, Hashable {
    let provider: String
    let repository: String?
    let number: Int?

    /// Nil when it is no address at all.
    init?(_ url: String) {
        guard let scheme = ["https://", "http://"].first(where: { url.hasPrefix($0) }),
            url.utf8.allSatisfy({ $0 > 32 && $0 != 127 })
        else { return nil }
        let rest = url.dropFirst(scheme.count).prefix { $0 != "?" && $0 != "#" }
        let parts = rest.split(separator: "/").map(String.init)
        guard let host = parts.first, host.contains(where: { $0.isLetter || $0.isNumber }), parts.count > 1 else { return nil }
        if let index = parts.firstIndex(of: "pull") ?? parts.firstIndex(of: "pulls"), index >= 3, parts.count > index + 1 {
            provider = "github"
            repository = parts[1..<index].joined(separator: "/")
            number = Int(parts[index + 1])
        } else if let index = parts.firstIndex(of: "merge_requests"), index >= 3, parts.count > index + 1 {
            provider = "gitlab"
            repository = parts[1..<index].filter { $0 != "-" }.joined(separator: "/")
            number = Int(parts[index + 1])
        } else {
            provider = "other"
            repository = nil
            number = nil
        }
    }
}
