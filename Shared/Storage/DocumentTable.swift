import Models

/// A table of entities: each row the JSON that the API answers, with the columns that lists filter and order by beside it. A
/// GET neither decodes nor encodes. Every row belongs to a workspace, and every statement names it.
public struct DocumentTable<Model: StoredModel>: Sendable {
    public let name: String
    public let columns: [Column<Model>]
    /// `CREATE TABLE` and its indexes, for the list of migrations. Changing the table's declaration changes this text: once it
    /// is released, keep the old text as it was and add a migration.
    public let schema: String

    let reference: Column<Model>?
    let orderable: Set<String>
    private let insertSQL: String
    private let updateSQL: String
    private let findSQL: String
    private let findByReferenceSQL: String
    private let deleteSQL: String

    /// - Parameters:
    ///   - name: of the table; comes from code, as all names here do.
    ///   - columns: beside `workspace_id`, `id`, `version`, `created_at`, `updated_at` and `document`, which every table has.
    ///   - indexes: columns that are filtered or ordered by together.
    public init(_ name: String, columns: [Column<Model>] = [], indexes: [[String]] = []) {
        self.name = name
        self.columns = columns
        reference = columns.first { $0.isReference }
        orderable = Set(columns.map(\.name) + ["id", "created_at", "updated_at"])
        schema = DocumentSchema.text(name, columns, indexes)
        let names = columns.map(\.name)
        let all = ["workspace_id", "id", "version", "created_at", "updated_at", "document"] + names
        insertSQL =
            "INSERT INTO \(name) (\(all.joined(separator: ", "))) VALUES (\(all.map { _ in "?" }.joined(separator: ", ")))"
        let assigned = (["version", "updated_at", "document"] + names).map { "\($0) = ?" }.joined(separator: ", ")
        updateSQL = "UPDATE \(name) SET \(assigned) WHERE workspace_id = ? AND id = ? AND version = ?"
        let selected = "SELECT id, version, updated_at, document FROM \(name)"
        findSQL = "\(selected) WHERE workspace_id = ? AND id = ?"
        findByReferenceSQL = "\(selected) WHERE workspace_id = ? AND slug = ?"
        deleteSQL = "DELETE FROM \(name) WHERE workspace_id = ? AND id = ?"
    }

    /// Adds an entity.
    /// - Throws: `ServiceError` 409 naming what is taken; `StorageError` for a foreign key.
    @discardableResult
    public func insert(
        _ model: EncodedModel<Model>, workspace: String, at time: Timestamp, in transaction: Transaction
    ) throws -> Stored<Model> {
        let version = DocumentVersion.next()
        var arguments: [(any SQLBindable)?] = [workspace, model.model.id, version, time, time, SQLValue.utf8(model.bytes)]
        for column in columns { arguments.append(column.value(model.model)) }
        do {
            try transaction.run(insertSQL, arguments: arguments)
        } catch StorageError.uniqueViolation(let names) {
            throw try taken(names, by: model.model, workspace: workspace, in: transaction)
        }
        return Stored(workspace: workspace, id: model.model.id, bytes: model.bytes, version: version, updatedAt: time)
    }

    /// Adds an entity, encoding it on the writer's thread: for writes that decide there what it is.
    /// - Throws: `ServiceError` 409 naming what is taken; `StorageError` for a foreign key.
    @discardableResult
    public func insert(_ model: Model, workspace: String, at time: Timestamp, in transaction: Transaction) throws -> Stored<Model>
    {
        try insert(EncodedModel(model), workspace: workspace, at: time, in: transaction)
    }

    /// The entity with this id or slug; nil when the workspace has none.
    public func find(_ reference: String, workspace: String, in reader: some SQLReader) throws -> Stored<Model>? {
        if let found = try reader.one(findSQL, workspace, reference, map: { DocumentTable.stored($0, workspace) }) {
            return found
        }
        guard self.reference != nil else { return nil }
        return try reader.one(findByReferenceSQL, workspace, reference, map: { DocumentTable.stored($0, workspace) })
    }

    /// The entity with this id or slug.
    /// - Throws: `ServiceError` 404 when the workspace has none.
    public func get(_ reference: String, workspace: String, in reader: some SQLReader) throws -> Stored<Model> {
        guard let found = try find(reference, workspace: workspace, in: reader) else { throw ServiceError.notFound(Model.noun) }
        return found
    }

    /// Replaces an entity, provided that it is still as `old` says.
    /// - Throws: `ServiceError` 404 when it is gone, 409 when it was changed since `old` was read (cannot happen when that was
    ///   read in
    ///   this same transaction) or when a unique value is taken.
    @discardableResult
    public func replace(
        _ old: Stored<Model>, with model: Model, at time: Timestamp, in transaction: Transaction
    ) throws -> Stored<Model> {
        guard model.id == old.id else { throw ServiceError.internal("\(old.id) was to be replaced by \(model.id)") }
        let version = DocumentVersion.next(after: old.version)
        let bytes = try DocumentCoding.encode(model)
        var arguments: [(any SQLBindable)?] = [version, time, SQLValue.utf8(bytes)]
        for column in columns { arguments.append(column.value(model)) }
        arguments += [old.workspace, old.id, old.version] as [(any SQLBindable)?]
        do {
            guard try transaction.run(updateSQL, arguments: arguments) == 1 else {
                _ = try get(old.id, workspace: old.workspace, in: transaction)
                throw ServiceError.conflict("the \(Model.noun) was changed meanwhile: read it again", code: "stale")
            }
        } catch StorageError.uniqueViolation(let names) {
            throw try taken(names, by: model, workspace: old.workspace, in: transaction)
        }
        return Stored(workspace: old.workspace, id: old.id, bytes: bytes, version: version, updatedAt: time)
    }

    /// Removes the entity with this id (not slug).
    /// - Returns: false when the workspace has none.
    /// - Throws: `StorageError` when something still refers to it.
    @discardableResult
    public func delete(_ id: String, workspace: String, in transaction: Transaction) throws -> Bool {
        try transaction.run(deleteSQL, workspace, id) > 0
    }

    static func stored(_ row: Row, _ workspace: String) -> Stored<Model> {
        Stored(workspace: workspace, id: row.text(0), bytes: row.bytes(3), version: row.int(1), updatedAt: row.timestamp(2))
    }

    /// The 409 for a unique violation. An id is often made from the slug, and then it is the slug that the caller chose.
    private func taken(
        _ names: [String], by model: Model, workspace: String, in transaction: Transaction
    ) throws -> ServiceError {
        var names = names.filter { $0 != "workspace_id" }
        if names == ["id"], let slug = reference?.value(model), case .text(let text) = slug.sqlValue,
            try transaction.one(findByReferenceSQL, workspace, text, map: { $0.text(0) }) != nil
        {
            names = ["slug"]
        }
        let values = names.map { name -> String in
            let value = name == "id" ? model.id : columns.first { $0.name == name }?.value(model)
            if case .text(let text) = value?.sqlValue { return "\(name) \"\(text)\"" }
            return name
        }
        let what = values.joined(separator: " and ")
        return .conflict(
            "\(Model.noun.first.map { "aeiou".contains($0) } == true ? "an" : "a") \(Model.noun) with \(what) exists already",
            code: "\(names.first ?? "id")_taken")
    }
}

/// The statements that make a document table.
private enum DocumentSchema {
    static func text<Model>(_ name: String, _ columns: [Column<Model>], _ indexes: [[String]]) -> String {
        var lines = [
            "CREATE TABLE \(name) (", "    workspace_id TEXT NOT NULL,", "    id TEXT NOT NULL,", "    version BIGINT NOT NULL,",
            "    created_at BIGINT NOT NULL,", "    updated_at BIGINT NOT NULL,",
        ]
        for column in columns { lines.append("    \(column.name) \(column.kind.rawValue),") }
        lines += ["    document TEXT NOT NULL,", "    PRIMARY KEY (workspace_id, id)", ");"]
        lines.append(index(name, ["created_at"]))
        for column in columns {
            switch column.index {
            case .none: break
            case .filtered: lines.append(index(name, [column.name, "created_at"]))
            case .ordered: lines.append(index(name, [column.name]))
            case .unique:
                lines.append("CREATE UNIQUE INDEX \(name)_\(column.name)_unique ON \(name) (workspace_id, \(column.name));")
            }
        }
        for columns in indexes { lines.append(index(name, columns)) }
        return lines.joined(separator: "\n")
    }

    private static func index(_ table: String, _ columns: [String]) -> String {
        let list = (["workspace_id"] + columns + ["id"]).joined(separator: ", ")
        return "CREATE INDEX \(table)_by_\(columns.joined(separator: "_")) ON \(table) (\(list));"
    }
}
