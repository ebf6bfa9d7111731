@testable import HTTP

/// Targets: a path that is matched means one thing, however it is escaped.
enum PathEntries {
    private static let router: Router<String> = {
        var router = Router<String>()
        for pattern in [
            "/agents-api", "/agents-api/{rest...}", "/webhooks-api/ci", "/webhooks-api/ci/{endpoint}", "/webhooks-api/{rest...}",
            "/api/projects/{id}/issues", "/api/projects/issues/{rest...}", "/swagger-ui/", "/{one}",
        ] {
            router.add(.get, pattern, pattern)
        }
        return router
    }()

    static func path(_ bytes: [UInt8]) throws {
        let request = Request(method: .get, target: [UInt8(ascii: "/")] + bytes)
        try match(request.path)
        // try?: what is no query is refused.
        guard let query = try? Query(request.query) else { return }
        let text = query.items.map { "\(PercentCoding.encoded($0.name))=\(PercentCoding.encoded($0.value))" }
            .joined(separator: "&")
        let again = try Query(Array(text.utf8)[...])
        try Finding.unless(
            again.items.map(\.name) == query.items.map(\.name) && again.items.map(\.value) == query.items.map(\.value),
            "written it is another query: \(query.items) \(again.items)")
    }

    private static func match(_ path: ArraySlice<UInt8>) throws {
        guard case .found(let pattern, let parameters) = router.match(.get, path) else { return }
        for index in 0..<parameters.count {
            guard let value = parameters.value(at: index) else { throw Finding("a parameter that cannot be read: \(path)") }
            for part in value.split(separator: "/", omittingEmptySubsequences: false) {
                let isSafe = part != "." && part != ".." && !part.utf8.contains { $0 < 32 || $0 == 127 || $0 == 92 }
                try Finding.unless(isSafe, "a parameter that means another place: \(value)")
            }
            guard !pattern.contains("...}") else { continue }
            try Finding.unless(!value.isEmpty && !value.contains("/"), "a parameter of two segments: \(value)")
        }
        // Each segment read, and written in the one way that this program writes it.
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let plain = try segments.map { segment in
            guard let text = PercentCoding.string(segment) else { throw Finding("a segment that cannot be read: \(path)") }
            return "/" + PercentCoding.encoded(text)
        }
        guard case .found(pattern, _) = router.match(.get, Array(plain.joined().utf8)[...]) else {
            throw Finding("escaped otherwise it is another path: \(path)")
        }
    }
}
