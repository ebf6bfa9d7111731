import Models

extension DocumentTable {
    /// One page of the workspace's entities.
    ///
    /// The position of a cursor is not one condition but a few ranges, read in turn, each of them one seek in an index of
    /// (workspace, filtered columns, order's columns, id): so page 1,000 costs what page 1 costs, whatever the directions and
    /// the NULLs.
    /// - Throws: `ServiceError` 400 for `cursor` when that is not one of this order.
    public func list(_ query: ListQuery, workspace: String, in reader: some SQLReader) throws -> Page<Model> {
        let ordering = try self.ordering(of: query.order)
        let limit = min(max(query.limit, 1), ListQuery.limitMax)
        var ranges: [SQLFragment?] = [nil]
        if let text = query.cursor {
            ranges = try KeysetRanges.after(Cursor(text, ordering: signature(ordering), count: ordering.count).values, ordering)
        }
        let conditions = try ListBranches.split(query.filters).map { try condition($0, workspace: workspace) }
        var items: [Stored<Model>] = []
        var position: [SQLValue] = []
        // One more than the page holds, to know whether there is another.
        for range in ranges where items.count <= limit {
            let statement = ListBranches.statement(
                name, conditions, range: range, ordering, limit: limit + 1 - items.count,
                offset: query.cursor == nil ? query.offset : 0)
            try reader.each(statement.sql, arguments: statement.arguments) { row in
                items.append(DocumentTable.stored(row, workspace))
                if items.count == limit { position = ordering.indices.map { row.value(4 + $0) } }
            }
        }
        guard items.count > limit else { return Page(items: items, nextCursor: nil) }
        items.removeLast()
        return Page(items: items, nextCursor: Cursor(position).text(ordering: signature(ordering)))
    }

    /// How many of the workspace's entities meet every filter.
    public func count(_ filters: [Filter] = [], workspace: String, in reader: some SQLReader) throws -> Int {
        var statement = SQLFragment("SELECT count(*) FROM \(name) d WHERE ")
        statement.append(try condition(filters, workspace: workspace))
        return Int(try reader.one(statement.sql, arguments: statement.arguments) { $0.int(0) } ?? 0)
    }

    private func condition(_ filters: [Filter], workspace: String) throws -> SQLFragment {
        var condition = SQLFragment("d.workspace_id = ?", workspace)
        for filter in filters {
            if let column = filter.column, !orderable.contains(column) {
                throw ServiceError.internal("\(name) has no column \"\(column)\" to filter by")
            }
            condition.append(" AND ")
            condition.append(filter.fragment)
        }
        return condition
    }

    /// The order with the id as its last column.
    private func ordering(of order: [Order]) throws -> [Order] {
        for column in order.map(\.column) where !orderable.contains(column) {
            throw ServiceError.internal("\(name) has no column \"\(column)\" to order by")
        }
        if order.last?.column == "id" { return order }
        return order + [Order(column: "id", isAscending: order.last?.isAscending ?? true)]
    }

    private func signature(_ ordering: [Order]) -> String {
        name + ordering.map { " \($0.column)\($0.isAscending ? "+" : "-")" }.joined()
    }
}

/// A list of several values of one column is as many lists, each in the order of an index, merged: the database would sort all
/// that has any of the values.
enum ListBranches {
    /// More lists than this cost more than they save.
    private static let branchesMax = 8

    /// The filters of each list.
    static func split(_ filters: [Filter]) -> [[Filter]] {
        for (index, filter) in filters.enumerated() {
            guard case .isIn(let column, let values) = filter, (2...branchesMax).contains(values.count) else { continue }
            return values.map { value in
                var branch = filters
                branch[index] = .equals(column, value)
                return branch
            }
        }
        return [filters]
    }

    static func statement(
        _ table: String, _ conditions: [SQLFragment], range: SQLFragment?, _ ordering: [Order], limit: Int, offset: Int
    ) -> SQLFragment {
        let columns = ordering.map { ", d.\($0.column)" }.joined()
        let order = ordering.map { "d.\($0.column) \($0.isAscending ? "ASC" : "DESC")" }.joined(separator: ", ")
        let branches = conditions.map { condition in
            var branch = SQLFragment("SELECT d.id, d.version, d.updated_at, d.document\(columns) FROM \(table) d WHERE ")
            branch.append(condition)
            if let range {
                branch.append(" AND ")
                branch.append(range)
            }
            branch.append(" ORDER BY \(order) LIMIT ?", conditions.count == 1 ? limit : limit + offset)
            return branch
        }
        var statement = SQLFragment("")
        if branches.count == 1 {
            statement = branches[0]
        } else {
            for (index, branch) in branches.enumerated() {
                statement.append(index == 0 ? "SELECT * FROM (" : " UNION ALL SELECT * FROM (")
                statement.append(branch)
                statement.append(")")
            }
            // By their place: the columns of the order are the last ones.
            let places = ordering.enumerated().map { "\(5 + $0) \($1.isAscending ? "ASC" : "DESC")" }
            statement.append(" ORDER BY \(places.joined(separator: ", ")) LIMIT ?", limit)
        }
        if offset > 0 { statement.append(" OFFSET ?", offset) }
        return statement
    }
}

/// What comes after a position in an order. NULL is the least value, as in SQLite.
enum KeysetRanges {
    private static let neverNull: Set<String> = ["id", "created_at", "updated_at"]

    /// The ranges in the order in which they follow each other: first what shares all values but the last with the position, at
    /// the end what differs in the first already.
    static func after(_ values: [SQLValue], _ ordering: [Order]) -> [SQLFragment?] {
        var ranges: [SQLFragment?] = []
        for depth in ordering.indices.reversed() {
            for last in following(values[depth], ordering[depth]) {
                var range = SQLFragment("")
                for shared in 0..<depth {
                    let column = ordering[shared].column
                    if values[shared] == .null {
                        range.append("d.\(column) IS NULL AND ")
                    } else {
                        range.append("d.\(column) = ? AND ", values[shared])
                    }
                }
                range.append(last)
                ranges.append(range)
            }
        }
        return ranges
    }

    private static func following(_ value: SQLValue, _ order: Order) -> [SQLFragment] {
        let column = "d.\(order.column)"
        switch (order.isAscending, value == .null) {
        case (true, true): return [SQLFragment("\(column) IS NOT NULL")]
        case (true, false): return [SQLFragment("\(column) > ?", value)]
        case (false, true): return []
        case (false, false):
            let less = SQLFragment("\(column) < ?", value)
            return neverNull.contains(order.column) ? [less] : [less, SQLFragment("\(column) IS NULL")]
        }
    }
}
