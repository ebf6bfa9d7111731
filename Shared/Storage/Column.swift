/// A column beside the stored JSON, to filter or order by.
public struct Column<Model: StoredModel>: Sendable {
    public enum Kind: String, Sendable {
        case text = "TEXT"
        case integer = "INTEGER"
        case real = "REAL"
    }

    /// What the column is looked up for. Every index begins with the workspace.
    public enum Index: Sendable {
        /// Filters few rows, or beside another filter.
        case none
        /// Lists with one value of it, in the order in which they were made.
        case filtered
        /// Lists ordered by it.
        case ordered
        /// No two in a workspace are the same.
        case unique
    }

    public let name: String
    public let kind: Kind
    public let index: Index
    let isReference: Bool
    let value: @Sendable (Model) -> (any SQLBindable)?

    /// - Parameter value: what the column holds for an entity; nil is NULL.
    public init(
        _ name: String, _ kind: Kind, index: Index = .none, _ value: @escaping @Sendable (Model) -> (any SQLBindable)?
    ) {
        self.init(name, kind, index, isReference: false, value)
    }

    /// The column `slug`, which is unique in a workspace and may stand wherever an id may.
    public static func slug(_ value: @escaping @Sendable (Model) -> (any SQLBindable)?) -> Column {
        Column("slug", .text, .unique, isReference: true, value)
    }

    private init(
        _ name: String, _ kind: Kind, _ index: Index, isReference: Bool,
        _ value: @escaping @Sendable (Model) -> (any SQLBindable)?
    ) {
        self.name = name
        self.kind = kind
        self.index = index
        self.isReference = isReference
        self.value = value
    }
}
