import Models
import Service
import Storage

/// `POST /api/v1/labels`.
struct CreateLabel: Codable, Sendable {
    var name: String
    var color: String?
    var labelGroup: String?

    enum CodingKeys: String, CodingKey { case name, color, labelGroup = "label_group" }
}

/// `PATCH /api/v1/labels/{id}`.
struct UpdateLabel: Codable, Sendable {
    var name: Field<String>
    var color: Field<String>
    var labelGroup: Field<String>

    enum CodingKeys: String, CodingKey { case name, color, labelGroup = "label_group" }
}

/// The labels of a workspace.
struct LabelHandlers: Sendable {
    let desk: IssueDesk

    private var store: LabelStore { desk.ledger.labels }

    func list(_ call: Call) async throws -> BareList<IssueLabel> {
        BareList(views: try await call.read { try store.all(workspace: call.workspace, in: $0).map { try $0.model() } })
    }

    func create(_ call: Call, body: CreateLabel) async throws -> Created<IssueLabel> {
        let label = try LabelRules.make(name: body.name, color: body.color, group: body.labelGroup, call.cause)
        return try await call.write { transaction in
            let stored = try store.insert(label, in: transaction)
            try call.emit("label.created", stored, in: transaction)
            return Created(stored, in: "/api/v1/labels")
        }
    }

    func update(_ call: Call, body: UpdateLabel) async throws -> Found<IssueLabel> {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            var label = try stored.model()
            label.name = try Check.name(
                body.name.applied(to: label.name, field: "name"), "name", lengthMax: Check.tagLengthMax)
            label.color = try LabelRules.color(body.color.applied(to: label.color) ?? LabelRules.colorDefault)
            label.labelGroup = try LabelRules.group(body.labelGroup.applied(to: label.labelGroup))
            label.updatedAt = call.now
            let changed = try store.replace(stored, with: label, in: transaction)
            try call.emit("label.updated", changed, in: transaction)
            return Found(changed)
        }
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: transaction)
            try call.checkMatch(stored)
            for id in try store.delete(stored.id, workspace: call.workspace, in: transaction) {
                guard let issue = try desk.ledger.issues.find(id, workspace: call.workspace, in: transaction) else { continue }
                try desk.ledger.touch(issue, call.cause, in: transaction) { $0.labelIDs.removeAll { $0 == stored.id } }
            }
            try call.emit("label.deleted", stored, in: transaction)
            return NoContent()
        }
    }
}
