import Models
import Service
import Storage

/// What the handlers of all surfaces have in common: which issue is meant, who may see it, and what a body refers to.
struct IssueDesk: Sendable {
    let ledger: IssueLedger
    let references: BoardReferences

    /// The issue of the path, by its id or identifier.
    /// - Throws: 404 also for one that the caller's agent token does not reach.
    func issue(
        _ call: Call, _ parameter: StaticString = "issueId", crew: String? = nil, in reader: any SQLReader
    ) throws -> Stored<Issue> {
        let stored = try ledger.issues.get(call.parameter(parameter), crew: crew, workspace: call.workspace, in: reader)
        guard let run = call.principal.run else { return stored }
        let issue = try stored.model()
        if let project = run.projectID, issue.projectID == project { return stored }
        if issue.createdBy?.type == .agent, issue.createdBy?.id == run.agentID { return stored }
        if try ledger.work.issue(of: run.taskID, workspace: call.workspace, in: reader) == issue.id { return stored }
        throw ServiceError.notFound(Issue.noun)
    }

    /// The issue that a body names.
    /// - Throws: 400 naming the field.
    func named(_ reference: String, _ field: String, _ call: Call, in reader: any SQLReader) throws -> Stored<Issue> {
        do {
            return try ledger.issues.get(reference, workspace: call.workspace, in: reader)
        } catch let error as ServiceError where error.kind == .notFound {
            throw ServiceError.invalid(field, "no such issue")
        }
    }

    func facts(_ call: Call, in reader: any SQLReader) -> IssueFacts {
        IssueFacts(ledger, workspace: call.workspace, in: reader)
    }

    /// The id of the project that an issue is to belong to. An agent's can only be its run's.
    func home(_ call: Call, _ reference: String?, field: String = "project_id") async throws -> String? {
        let project = try await references.project(reference, workspace: call.workspace, field: field)
        guard let run = call.principal.run else { return project }
        guard project == nil || project == run.projectID else { throw ServiceError.invalid(field, "no such project") }
        return run.projectID
    }

    /// The ids of labels that may be named.
    /// - Parameter makes: a name that no label has becomes a label; otherwise it is a 400.
    func labels(_ references: [String], makes: Bool, _ call: Call, in transaction: Transaction) throws -> [String] {
        guard references.count <= IssueRules.labelsMax else {
            throw ServiceError.invalid("labels", "must have at most \(IssueRules.labelsMax) items")
        }
        var ids: [String] = []
        for (index, reference) in references.enumerated() {
            var label = try ledger.labels.find(reference, workspace: call.workspace, in: transaction)
            if label == nil {
                guard makes else { throw ServiceError.invalid("labels[\(index)]", "no such label") }
                let made = try LabelRules.make(name: reference, field: "labels[\(index)]", call.cause)
                label = try ledger.labels.insert(made, in: transaction).model()
            }
            if let id = label?.id, !ids.contains(id) { ids.append(id) }
        }
        return ids
    }

    /// The id of an issue's parent.
    /// - Throws: 400 for one that there is not, or that is the issue itself; 409 when it is below the issue.
    func parent(
        _ reference: String?, of issue: String?, field: String = "parent_issue_id", _ call: Call, in reader: any SQLReader
    ) throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        let id = try named(reference, field, call, in: reader).id
        guard let issue else { return id }
        guard id != issue else { throw ServiceError.invalid(field, "must be another issue") }
        if try ledger.issues.isBelow(id, issue, workspace: call.workspace, in: reader) {
            throw ServiceError.conflict("\(field): the issue is above that one already", code: "cycle")
        }
        return id
    }

    /// Moves an issue to a status that somebody asks for. It resumes when it is said to be in progress.
    func move(_ issue: inout Issue, to status: IssueStatus) {
        if status == .inProgress || status.isEnded { issue.isPaused = false }
        issue.status = status
    }
}

/// What the domain asks of a label. Pure functions.
enum LabelRules {
    static let colorDefault = "#8b949e"

    static func make(
        name: String, color: String? = nil, group: String? = nil, field: String = "name", _ cause: Cause
    ) throws(ServiceError) -> IssueLabel {
        try Check.name(name, field, lengthMax: Check.tagLengthMax)
        return IssueLabel(
            id: Identifier.make("label", at: cause.now), workspaceID: cause.workspace, name: name,
            color: try self.color(color ?? colorDefault), labelGroup: try self.group(group), createdAt: cause.now,
            updatedAt: cause.now)
    }

    /// `#rgb`, `#rrggbb`, or a word.
    static func color(_ text: String) throws(ServiceError) -> String {
        let isHex = text.hasPrefix("#") && [4, 7].contains(text.utf8.count) && text.dropFirst().allSatisfy(\.isHexDigit)
        let isWord = (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { (97...122).contains($0) || $0 == 45 }
        guard isHex || isWord else { throw .invalid("color", "must be #rgb, #rrggbb or a color's name") }
        return text
    }

    static func group(_ text: String?) throws(ServiceError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        return try Check.name(text, "label_group", lengthMax: Check.tagLengthMax)
    }
}
