import Models

/// Full-text search over texts of a service's entities: an FTS5 table, and one that says which of its rows is whose.
public struct FullTextIndex: Sendable {
    public struct Hit: Sendable, Equatable {
        public let id: String
        /// bm25, the greater the better.
        public let score: Double
        /// The part of the text that matches best.
        public let snippet: String
    }

    public enum Match: Sendable {
        /// Has every word.
        case all
        /// Has any word; more of them, and rarer ones, rank higher.
        case any
    }

    /// Words of a snippet.
    static let snippetWords = 24

    public let name: String
    public let columns: [String]
    /// For the list of migrations.
    public let schema: String

    /// - Parameters:
    ///   - columns: the searched texts, the main one last: snippets are taken from it.
    ///   - weights: how much a match counts, by column; 1 each when left out.
    public init(_ name: String, columns: [String], weights: [Double]? = nil) {
        self.name = name
        self.columns = columns
        // The workspace is a word of each row: a search intersects with it instead of reading the matches of all workspaces.
        let weights = ([0.0] + (weights ?? columns.map { _ in 1 })).map { "\($0)" }.joined(separator: ", ")
        schema = """
            CREATE TABLE \(name)_rows (
                number INTEGER PRIMARY KEY,
                workspace_id TEXT NOT NULL,
                id TEXT NOT NULL,
                UNIQUE (workspace_id, id)
            );
            CREATE VIRTUAL TABLE \(name) USING fts5(
                workspace, \(columns.joined(separator: ", ")), tokenize = 'porter unicode61 remove_diacritics 2', prefix = '2 3'
            );
            INSERT INTO \(name) (\(name), rank) VALUES ('rank', 'bm25(\(weights))');
            """
    }

    /// Adds the texts of an entity, one for each column, or replaces those that it had.
    public func upsert(_ id: String, _ texts: [String], workspace: String, in transaction: Transaction) throws {
        guard texts.count == columns.count else { throw ServiceError.internal("\(texts.count) texts for \(columns)") }
        try delete(id, workspace: workspace, in: transaction)
        try transaction.run("INSERT INTO \(name)_rows (workspace_id, id) VALUES (?, ?)", workspace, id)
        var arguments: [(any SQLBindable)?] = [transaction.lastInsertedRowID, FullTextQuery.word(of: workspace)]
        for text in texts { arguments.append(text) }
        try transaction.run(
            """
            INSERT INTO \(name) (rowid, workspace, \(columns.joined(separator: ", "))) \
            VALUES (?, ?\(columns.map { _ in ", ?" }.joined()))
            """, arguments: arguments)
    }

    /// Removes an entity's texts.
    /// - Returns: false when it had none.
    @discardableResult
    public func delete(_ id: String, workspace: String, in transaction: Transaction) throws -> Bool {
        let number = try transaction.one(
            "SELECT number FROM \(name)_rows WHERE workspace_id = ? AND id = ?", workspace, id, map: { $0.int(0) })
        guard let number else { return false }
        try transaction.run("DELETE FROM \(name) WHERE rowid = ?", number)
        try transaction.run("DELETE FROM \(name)_rows WHERE number = ?", number)
        return true
    }

    /// What FTS5 is to match to find every word of `input` in some columns, for a query of one's own; nil when there is no word.
    public func expression(_ input: String, within: [String]? = nil, workspace: String) -> String? {
        FullTextQuery.expression(input, .all, columns: within ?? columns, workspace: workspace)
    }

    /// The best matches, best first. Any input is a valid one; what has no word in it finds nothing.
    /// - Parameters:
    ///   - within: the columns to look in; all of them unless said.
    ///   - table: a document table whose rows must meet `filters` too.
    ///   - offset: of the first hit; a ranking has no cursor.
    public func search(
        _ input: String, _ match: Match = .all, workspace: String, within: [String]? = nil, table: String? = nil,
        filters: [Filter] = [], limit: Int, offset: Int = 0, in reader: some SQLReader
    ) throws -> [Hit] {
        let expression = FullTextQuery.expression(input, match, columns: within ?? columns, workspace: workspace)
        guard let expression else { return [] }
        let snippet = "snippet(\(name), \(columns.count), '', '', '…', \(FullTextIndex.snippetWords))"
        var statement = SQLFragment(
            "SELECT r.id, \(name).rank, \(snippet) FROM \(name) JOIN \(name)_rows r ON r.number = \(name).rowid")
        if let table { statement.append(" JOIN \(table) d ON d.workspace_id = r.workspace_id AND d.id = r.id") }
        statement.append(" WHERE \(name) MATCH ? AND r.workspace_id = ?", expression, workspace)
        if table != nil {
            for filter in filters {
                statement.append(" AND ")
                statement.append(filter.fragment)
            }
        }
        // By the bare rank, which FTS5 itself sorts by: anything else would make a snippet of every match.
        statement.append(" ORDER BY \(name).rank LIMIT ? OFFSET ?", min(max(limit, 1), ListQuery.limitMax), max(offset, 0))
        return try reader.all(statement.sql, arguments: statement.arguments) {
            Hit(id: $0.text(0), score: -$0.double(1), snippet: $0.text(2))
        }
    }
}

/// Turns what people type into what FTS5 understands.
enum FullTextQuery {
    /// More words make a query slower, not better.
    static let wordsMax = 32
    static let wordCharactersMax = 64

    /// Every word in quotes, the last one also as a prefix; nil when there is no word.
    static func expression(_ input: String, _ match: FullTextIndex.Match, columns: [String], workspace: String) -> String? {
        let found = words(of: input)
        guard !found.isEmpty else { return nil }
        var quoted = found.map { "\"\($0)\"" }
        quoted[quoted.count - 1] += " *"
        let joined = quoted.joined(separator: match == .all ? " AND " : " OR ")
        return "workspace : \"\(word(of: workspace))\" AND {\(columns.joined(separator: " "))} : (\(joined))"
    }

    /// Runs of letters, digits and marks: nothing else is a word to the tokenizer, and nothing of them means anything to FTS5.
    static func words(of input: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        func finish() {
            if word.contains(where: { !isMark($0) }) { words.append(String(word)) }
            word = String.UnicodeScalarView()
        }
        for scalar in input.unicodeScalars {
            guard words.count < wordsMax else { break }
            if isLetterOrDigit(scalar) || isMark(scalar) {
                if word.count < wordCharactersMax { word.append(scalar) }
            } else {
                finish()
            }
        }
        if words.count < wordsMax { finish() }
        return words
    }

    /// An id as one word: letters and digits only, no two ids the same.
    static func word(of id: String) -> String {
        "w" + id.utf8.map { byte in byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16) }.joined()
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
            .otherNumber:
            true
        default: false
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}
