/// A piece of a statement and its arguments, grown together so that they cannot get out of step.
struct SQLFragment {
    var sql: String
    var arguments: [(any SQLBindable)?]

    init(_ sql: String, _ arguments: (any SQLBindable)?...) {
        self.sql = sql
        self.arguments = arguments
    }

    mutating func append(_ other: SQLFragment) {
        sql += other.sql
        arguments += other.arguments
    }

    mutating func append(_ text: String, _ arguments: (any SQLBindable)?...) {
        sql += text
        self.arguments += arguments
    }
}

extension Filter {
    /// The condition, on a document table that is called `d`.
    var fragment: SQLFragment {
        switch self {
        case .equals(let column, let value):
            guard let value, value.sqlValue != .null else { return SQLFragment("d.\(column) IS NULL") }
            return SQLFragment("d.\(column) = ?", value)
        case .differs(let column, let value):
            guard let value, value.sqlValue != .null else { return SQLFragment("d.\(column) IS NOT NULL") }
            return SQLFragment("(d.\(column) <> ? OR d.\(column) IS NULL)", value)
        case .isIn(let column, let values):
            guard !values.isEmpty else { return SQLFragment("1 = 0") }
            var fragment = SQLFragment("d.\(column) IN (")
            for (index, value) in values.enumerated() { fragment.append(index == 0 ? "?" : ", ?", value) }
            fragment.append(")")
            return fragment
        case .contains(let column, let text):
            return SQLFragment("d.\(column) LIKE ? ESCAPE '\\'", "%\(Filter.escaped(text))%")
        case .hasPrefix(let column, let text):
            return SQLFragment("d.\(column) LIKE ? ESCAPE '\\'", "\(Filter.escaped(text))%")
        case .greater(let column, let value): return SQLFragment("d.\(column) > ?", value)
        case .atLeast(let column, let value): return SQLFragment("d.\(column) >= ?", value)
        case .less(let column, let value): return SQLFragment("d.\(column) < ?", value)
        case .atMost(let column, let value): return SQLFragment("d.\(column) <= ?", value)
        case .sql(let sql, let arguments):
            var fragment = SQLFragment("(\(sql))")
            fragment.arguments = arguments
            return fragment
        }
    }

    /// The longest text that is searched for: SQLite refuses patterns of 50,000 bytes.
    private static let patternCharactersMax = 1000

    /// `text` as it stands within a LIKE pattern.
    private static func escaped(_ text: String) -> String {
        var pattern = ""
        for character in text.unicodeScalars.prefix(patternCharactersMax) {
            if character == "%" || character == "_" || character == "\\" { pattern.unicodeScalars.append("\\") }
            pattern.unicodeScalars.append(character)
        }
        return pattern
    }
}
