/// Who waits for whom: nodes by key, each with the keys of those that must be done first. Everything here is linear in nodes and
/// edges, and recursion-free, so that no shape of graph can exhaust the stack.
public struct PlanGraph: Sendable {
    /// How many names an error message lists of a cycle that is longer.
    public static let cycleNamesMax = 20

    /// The nodes, in the order given.
    public let keys: [String]
    /// For each node, the positions in `keys` of those that it waits for.
    private let after: [[Int]]

    /// - Parameters:
    ///   - nodes: each key with the keys that it waits for; one named twice counts once.
    ///   - field: what the error names.
    /// - Throws: `ServiceError` 400 for a key that comes twice and for a dependency on a key that is not there.
    public init(nodes: [(key: String, after: [String])], field: String) throws {
        var positions: [String: Int] = [:]
        positions.reserveCapacity(nodes.count)
        for (position, node) in nodes.enumerated() where positions.updateValue(position, forKey: node.key) != nil {
            throw ServiceError.invalid(field, "the key \"\(node.key)\" is there twice")
        }
        keys = nodes.map(\.key)
        after = try nodes.map { node in
            var seen: Set<Int> = []
            return try node.after.compactMap { key in
                guard let position = positions[key] else {
                    throw ServiceError.invalid(field, "\"\(node.key)\" depends on \"\(key)\", which is not there")
                }
                return seen.insert(position).inserted ? position : nil
            }
        }
    }

    /// The graph of a draft. Throws as the other initializer does.
    public init(_ draft: PlanDraft, field: String = "phases") throws {
        try self.init(nodes: draft.tasks.map { ($0.key, $0.after) }, field: field)
    }

    /// The keys so that each comes after all that it waits for, otherwise in the order given; nil when there is a cycle.
    public func order() -> [String]? {
        let (order, unfinished) = finished()
        return unfinished.isEmpty ? order.map { keys[$0] } : nil
    }

    /// The keys of one cycle, each waiting for the next and the last for the first; nil when there is none.
    public func cycle() -> [String]? {
        let (_, unfinished) = finished()
        guard var node = unfinished.first else { return nil }
        // Each unfinished node waits for an unfinished one: walking from any of them must come round.
        let isUnfinished = Set(unfinished)
        var path: [Int] = []
        var placeInPath: [Int: Int] = [:]
        while placeInPath[node] == nil {
            placeInPath[node] = path.count
            path.append(node)
            guard let next = after[node].first(where: isUnfinished.contains) else { return nil }
            node = next
        }
        return path[(placeInPath[node] ?? 0)...].map { keys[$0] }
    }

    /// - Parameter name: what a message calls the node with this key.
    /// - Throws: `ServiceError` 400 on `field`, naming the cycle in order, when there is one.
    public func validate(field: String, name: (String) -> String = { $0 }) throws {
        guard let cycle = cycle() else { return }
        var names = cycle.prefix(PlanGraph.cycleNamesMax).map(name)
        if cycle.count > names.count { names.append("… \(cycle.count - names.count) more") }
        names.append(name(cycle[0]))
        throw ServiceError(
            .validation, "\(field): these wait for each other in a cycle: " + names.joined(separator: " → "), code: "cycle",
            field: field)
    }

    /// Kahn's algorithm: the nodes that can be finished, in order, and those on a cycle or waiting for one.
    private func finished() -> (order: [Int], unfinished: [Int]) {
        var waiting = after.map(\.count)
        var dependents = [[Int]](repeating: [], count: keys.count)
        for (node, before) in after.enumerated() { for position in before { dependents[position].append(node) } }
        var order = keys.indices.filter { waiting[$0] == 0 }
        order.reserveCapacity(keys.count)
        var next = 0
        while next < order.count {
            for dependent in dependents[order[next]] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { order.append(dependent) }
            }
            next += 1
        }
        return (order, keys.indices.filter { waiting[$0] > 0 })
    }
}
