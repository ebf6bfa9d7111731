/// What a router knows of a request's method and path.
public enum RouteMatch<Handler> {
    case found(Handler, PathParameters)
    /// The path has a handler, but for other methods: 405 with `Allow`.
    case methodNotAllowed(MethodSet)
    case notFound
    /// The path is not one that any client should send (bad escape, `..`, control bytes, bad UTF-8): 400.
    case badPath
}

/// Finds the handler of a method and a path.
///
/// Patterns are `/agents-api/{id}/skills/{skill}`; a last segment `{rest...}` takes one or more segments. A literal segment
/// beats a parameter, a parameter beats a rest, and a dead end goes back to the next best, so that `/api/projects/issues/{x}`
/// and `/api/projects/{id}/issues` live side by side. A pattern that ends with `/`, or has one segment only, matches with and
/// without a trailing slash; any other only without. HEAD is answered by GET where it has no handler of its own.
///
/// A trie in flat arrays: a lookup walks bytes and allocates only the parameters' ranges.
public struct Router<Handler: Sendable>: Sendable {
    private struct Node: Sendable {
        /// The literal segment that leads here, in `literals`.
        var label: Range<Int>
        var firstLiteral = -1
        var nextSibling = -1
        var parameter = -1
        var rest = -1
        var endpoint = -1
    }

    private struct Endpoint: Sendable {
        var methods: MethodSet = []
        var routes: [Route] = []
    }

    private struct Route: Sendable {
        let method: Method
        let handler: Handler
        let names: [String]
        let takesTrailingSlash: Bool
    }

    private var nodes: [Node] = [Node(label: 0..<0)]
    private var literals: [UInt8] = []
    private var endpoints: [Endpoint] = []
    private var parametersMax = 0

    public init() {}

    /// Adds a route. A malformed pattern, or the same method and pattern twice, is a mistake in the program and stops it.
    public mutating func add(_ method: Method, _ pattern: String, _ handler: Handler) {
        precondition(pattern.hasPrefix("/"), "the pattern \(pattern) does not begin with a slash")
        var node = 0
        var names: [String] = []
        var segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let endsWithSlash = segments.last == ""
        if endsWithSlash { segments.removeLast() }
        for (position, segment) in segments.enumerated() {
            precondition(!segment.isEmpty, "the pattern \(pattern) has an empty segment")
            if segment.hasPrefix("{"), segment.hasSuffix("...}") {
                precondition(position == segments.count - 1, "the pattern \(pattern) goes on after its rest")
                names.append(String(segment.dropFirst().dropLast(4)))
                if nodes[node].rest < 0 { nodes[node].rest = newNode(0..<0) }
                node = nodes[node].rest
            } else if segment.hasPrefix("{"), segment.hasSuffix("}") {
                names.append(String(segment.dropFirst().dropLast()))
                if nodes[node].parameter < 0 { nodes[node].parameter = newNode(0..<0) }
                node = nodes[node].parameter
            } else {
                precondition(
                    !segment.contains("{") && !segment.contains("}"), "the pattern \(pattern) has a brace inside a segment")
                node = literalChild(of: node, Array(segment.utf8))
            }
        }
        precondition(Set(names).count == names.count && !names.contains(""), "the pattern \(pattern) needs distinct names")
        if nodes[node].endpoint < 0 {
            nodes[node].endpoint = endpoints.count
            endpoints.append(Endpoint())
        }
        let endpoint = nodes[node].endpoint
        precondition(!endpoints[endpoint].methods.contains(method), "there are two routes for \(method.name) \(pattern)")
        endpoints[endpoint].methods.insert(MethodSet(method))
        endpoints[endpoint].routes.append(
            Route(method: method, handler: handler, names: names, takesTrailingSlash: endsWithSlash || segments.count < 2))
        parametersMax = max(parametersMax, names.count)
    }

    /// Looks up the request's method and raw path (still percent-encoded, without the query).
    public func match(_ method: Method, _ path: ArraySlice<UInt8>) -> RouteMatch<Handler> {
        guard path.first == UInt8(ascii: "/") else { return .badPath }
        switch PathCheck.check(path) {
        case .bad: return .badPath
        case .emptySegment: return .notFound
        case .plain(let hasEscapes):
            // unsafe: the scratch lives on the stack for the length of the call, and only initialised slots are read
            return withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: parametersMax + 1) { scratch in
                var search = Search(
                    method: method, path: path, end: path.endIndex, hasTrailingSlash: false, hasEscapes: hasEscapes,
                    scratch: scratch)
                if path.count > 1, path.last == UInt8(ascii: "/") {
                    search.hasTrailingSlash = true
                    search.end -= 1
                }
                if let (route, captured) = find(0, at: path.startIndex, captured: 0, &search) {
                    let ranges = captured == 0 ? [] : Array(scratch[0..<captured])
                    return .found(route.handler, PathParameters(path: path, names: route.names, ranges: ranges))
                }
                return search.allowed.isEmpty ? .notFound : .methodNotAllowed(search.allowed)
            }
        }
    }

    private struct Search {
        let method: Method
        let path: ArraySlice<UInt8>
        /// Where the path ends, its trailing slash left out.
        var end: Int
        var hasTrailingSlash: Bool
        let hasEscapes: Bool
        let scratch: UnsafeMutableBufferPointer<Range<Int>>
        var allowed: MethodSet = []
    }

    /// `start` is at the slash before the next segment, or at the end. Each node is visited at most once in a lookup.
    private func find(_ node: Int, at start: Int, captured: Int, _ search: inout Search) -> (Route, Int)? {
        if start >= search.end || (start + 1 >= search.end && node == 0) {
            return route(at: nodes[node].endpoint, &search).map { ($0, captured) }
        }
        let first = start + 1
        let end = search.path[first..<search.end].firstIndex(of: UInt8(ascii: "/")) ?? search.end
        var child = nodes[node].firstLiteral
        while child >= 0 {
            if isLabel(nodes[child].label, first..<end, search) {
                if let found = find(child, at: end, captured: captured, &search) { return found }
                break
            }
            child = nodes[child].nextSibling
        }
        if nodes[node].parameter >= 0 {
            search.scratch[captured] = first..<end
            if let found = find(nodes[node].parameter, at: end, captured: captured + 1, &search) { return found }
        }
        if nodes[node].rest >= 0, let route = route(at: nodes[nodes[node].rest].endpoint, &search, isRest: true) {
            search.scratch[captured] = first..<search.end
            return (route, captured + 1)
        }
        return nil
    }

    private func route(at index: Int, _ search: inout Search, isRest: Bool = false) -> Route? {
        guard index >= 0 else { return nil }
        var fallback: Route?
        for route in endpoints[index].routes where isRest || route.takesTrailingSlash || !search.hasTrailingSlash {
            if route.method == search.method { return route }
            if search.method == .head, route.method == .get { fallback = route }
            search.allowed.insert(MethodSet(route.method))
            if route.method == .get { search.allowed.insert(MethodSet(.head)) }
        }
        return fallback
    }

    private func isLabel(_ label: Range<Int>, _ segment: Range<Int>, _ search: Search) -> Bool {
        if search.hasEscapes, search.path[segment].contains(UInt8(ascii: "%")) {
            guard let plain = PercentCoding.decoded(search.path[segment]) else { return false }
            return plain.elementsEqual(literals[label])
        }
        guard label.count == segment.count else { return false }
        for offset in 0..<label.count where literals[label.lowerBound + offset] != search.path[segment.lowerBound + offset] {
            return false
        }
        return true
    }

    private mutating func newNode(_ label: Range<Int>) -> Int {
        nodes.append(Node(label: label))
        return nodes.count - 1
    }

    private mutating func literalChild(of parent: Int, _ label: [UInt8]) -> Int {
        var child = nodes[parent].firstLiteral
        while child >= 0 {
            if literals[nodes[child].label].elementsEqual(label) { return child }
            child = nodes[child].nextSibling
        }
        let start = literals.count
        literals.append(contentsOf: label)
        let node = newNode(start..<literals.count)
        nodes[node].nextSibling = nodes[parent].firstLiteral
        nodes[parent].firstLiteral = node
        return node
    }
}
