import Models

/// A condition on the rows of a list. Column names come from code, never from a request.
public enum Filter: Sendable {
    /// nil finds NULL.
    case equals(String, (any SQLBindable)?)
    case differs(String, (any SQLBindable)?)
    case isIn(String, [any SQLBindable])
    /// Has `text` in it, whatever the case of its ASCII letters.
    case contains(String, String)
    case hasPrefix(String, String)
    case greater(String, any SQLBindable)
    case atLeast(String, any SQLBindable)
    case less(String, any SQLBindable)
    case atMost(String, any SQLBindable)
    /// Anything else, with its arguments; the document table is called `d` in it.
    case sql(String, [(any SQLBindable)?])

    /// The column, where there is one.
    var column: String? {
        switch self {
        case .equals(let column, _), .differs(let column, _), .isIn(let column, _), .contains(let column, _),
            .hasPrefix(let column, _), .greater(let column, _), .atLeast(let column, _), .less(let column, _),
            .atMost(let column, _):
            column
        case .sql: nil
        }
    }
}

/// One column of an order.
public struct Order: Sendable, Equatable {
    public let column: String
    public let isAscending: Bool

    public static func ascending(_ column: String) -> Order { Order(column: column, isAscending: true) }
    public static func descending(_ column: String) -> Order { Order(column: column, isAscending: false) }
}

/// What to list, in which order, and from where on.
public struct ListQuery: Sendable {
    public static let limitDefault = 50
    /// Callers refuse more; this is the last defence.
    public static let limitMax = 1000

    public var filters: [Filter]
    /// The id is always the last of the order, in the direction of the one before it.
    public var order: [Order]
    public var limit: Int
    /// The `next_cursor` of the page before.
    public var cursor: String?
    /// How many to pass over, where a surface counts pages that way; costs what it passes over. A cursor takes its place.
    public var offset = 0

    public init(
        filters: [Filter] = [], order: [Order] = [.descending("created_at")], limit: Int = limitDefault, cursor: String? = nil
    ) {
        self.filters = filters
        self.order = order
        self.limit = limit
        self.cursor = cursor
    }
}

/// One page of a list.
public struct Page<Model: StoredModel>: Sendable {
    public let items: [Stored<Model>]
    /// Where the next page begins; nil at the end.
    public let nextCursor: String?

    public init(items: [Stored<Model>], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }

    /// `{"<plural>":[…],"next_cursor":…}`, made of the stored bytes as they are.
    public func bytes(plural: String) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(items.reduce(64 + plural.utf8.count + (nextCursor?.utf8.count ?? 0)) { $0 + $1.bytes.count + 1 })
        json += "{\"\(plural)\":".utf8
        appendArray(to: &json)
        // A cursor is base64url: nothing in it needs an escape.
        json += ",\"next_cursor\":\(nextCursor.map { "\"\($0)\"" } ?? "null")}".utf8
        return json
    }

    /// `[…]`, for the lists that are bare arrays.
    public func arrayBytes() -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(items.reduce(2) { $0 + $1.bytes.count + 1 })
        appendArray(to: &json)
        return json
    }

    private func appendArray(to json: inout [UInt8]) {
        json.append(UInt8(ascii: "["))
        for (index, item) in items.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            json += item.bytes
        }
        json.append(UInt8(ascii: "]"))
    }
}
