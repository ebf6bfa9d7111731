import HTTP
import Models
import Service
import Storage

/// What lists of issues are ordered by.
enum IssueSort: String, CaseIterable, Sendable {
    case createdAt = "created_at", updatedAt = "updated_at", priority, sortOrder = "sort_order", dueDate = "due_date"

    /// Newest, most urgent and first in the column come first.
    var order: [Order] {
        switch self {
        case .createdAt: [.descending("created_at")]
        case .updatedAt: [.descending("updated_at")]
        case .priority: [.descending("priority"), .descending("created_at")]
        case .sortOrder: [.ascending("sort_order"), .ascending("rank")]
        case .dueDate: [.ascending("due_date")]
        }
    }
}

/// The filters that the lists of all surfaces share.
extension IssueDesk {
    /// - Parameters:
    ///   - statuses: any of them; empty for all.
    ///   - labels: ids or names.
    func filters(_ call: Call, statuses: [IssueStatus], in crew: String? = nil) async throws -> [Filter] {
        var filters: [Filter] = []
        if let status = statuses.first, statuses.count == 1 {
            filters.append(.equals("status", status.rawValue))
        } else if !statuses.isEmpty {
            filters.append(.isIn("status", statuses.map(\.rawValue)))
        }
        let priorities = try call.query.words("priority", as: Priority.self)
        if !priorities.isEmpty { filters.append(.isIn("priority", priorities.map(\.rank))) }
        let (label, text) = (call.query["label"], call.query["search"])
        let (assignee, crewName) = (call.query["assignee_id"] ?? call.query["assigneeId"], call.query["crew_id"])
        let parts: [Filter] = try await call.read { reader in
            var filters: [Filter] = []
            if let assignee, !assignee.isEmpty {
                // A slug is taken wherever an id is; one that nobody has finds nothing.
                let known = try ledger.known.find(.agent, assignee, workspace: call.workspace, in: reader)
                filters.append(.equals("assignee_id", known?.id ?? assignee))
            }
            if let crew {
                filters.append(.equals("crew_id", crew))
            } else if let crewName, !crewName.isEmpty {
                let found = try CrewStore.table.find(crewName, workspace: call.workspace, in: reader)
                filters.append(.equals("crew_id", found?.id ?? crewName))
            }
            if let label, !label.isEmpty {
                let found = try ledger.labels.find(label, workspace: call.workspace, in: reader)
                filters.append(IssueDesk.hasLabel(found?.id ?? label))
            }
            return filters
        }
        filters += parts
        for (parameter, column) in [("milestone_id", "milestone_id"), ("parent_issue_id", "parent_id"), ("goal_id", "goal_id")] {
            if let value = call.query[parameter], !value.isEmpty { filters.append(.equals(column, value)) }
        }
        if let text, !text.isEmpty { filters.append(IssueDesk.titleHas(text, workspace: call.workspace)) }
        return filters
    }

    /// Those of a project, by its id or slug; a project that there is not has none.
    func inProject(_ reference: String, _ call: Call) async throws -> Filter {
        do {
            return .equals("project_id", try await references.project(reference, workspace: call.workspace))
        } catch let error as ServiceError where error.kind == .validation {
            return .equals("project_id", reference)
        }
    }

    static func hasLabel(_ id: String) -> Filter {
        .sql(
            """
            EXISTS (SELECT 1 FROM issue_labels l
                WHERE l.workspace_id = d.workspace_id AND l.issue_id = d.id AND l.label_id = ?)
            """, [id])
    }

    /// Titles with every word of a text, the last of them also as the beginning of one.
    static func titleHas(_ text: String, workspace: String) -> Filter {
        guard let expression = IssueStore.texts.expression(text, within: ["title"], workspace: workspace) else {
            return .isIn("id", [])
        }
        let name = IssueStore.texts.name
        return .sql(
            """
            d.id IN (SELECT r.id FROM \(name) JOIN \(name)_rows r ON r.number = \(name).rowid
                WHERE \(name) MATCH ? AND r.workspace_id = ?)
            """, [expression, workspace])
    }

    /// The crew that a body names.
    /// - Throws: 400 naming the field.
    func crew(_ reference: String, _ field: String, _ call: Call, in reader: any SQLReader) throws -> Stored<Crew> {
        guard let found = try CrewStore.table.find(reference, workspace: call.workspace, in: reader) else {
            throw ServiceError.invalid(field, "no such crew")
        }
        return found
    }

    /// The id of the milestone that a body names; nil for none.
    /// - Throws: 400 naming the field.
    func milestone(
        _ reference: String?, field: String = "milestone_id", _ call: Call, in reader: any SQLReader
    ) throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        guard let found = try PlanningStore.milestones.find(reference, workspace: call.workspace, in: reader) else {
            throw ServiceError.invalid(field, "no such milestone")
        }
        return found.id
    }

    /// The id of the routine that a body names; nil for none.
    /// - Throws: 400 naming the field.
    func routine(_ reference: String?, field: String = "routine_id", _ call: Call, in reader: any SQLReader) throws -> String? {
        guard let reference, !reference.isEmpty else { return nil }
        guard let found = try PlanningStore.routines.find(reference, workspace: call.workspace, in: reader) else {
            throw ServiceError.invalid(field, "no such routine")
        }
        return found.id
    }
}
