import HTTP
import Testing

@Suite struct RouterTests {
    private func router(_ routes: (Method, String)...) -> Router<String> {
        var router = Router<String>()
        for (method, pattern) in routes { router.add(method, pattern, "\(method.name) \(pattern)") }
        return router
    }

    /// A match as one line: the handler and its decoded parameters, or what was said instead.
    private func look(_ router: Router<String>, _ method: Method, _ path: String) -> String {
        switch router.match(method, Array(path.utf8)[...]) {
        case .found(let handler, let parameters):
            ([handler] + (0..<parameters.count).map { parameters.value(at: $0) ?? "?" }).joined(separator: " | ")
        case .methodNotAllowed(let allowed): "405 \(allowed.allow)"
        case .notFound: "404"
        case .badPath: "400"
        }
    }

    @Test func aPatternGivesItsParametersByName() {
        let router = router((.delete, "/agents-api/{id}/skills/{skill}"))
        guard case .found(_, let parameters) = router.match(.delete, Array("/agents-api/a%20b/skills/s@1.2".utf8)[...]) else {
            Issue.record("not found")
            return
        }
        #expect(parameters["id"] == "a b")
        #expect(parameters["skill"] == "s@1.2")
        #expect(parameters["other"] == nil)
    }

    @Test func aLiteralBeatsAParameterAndADeadEndGoesBack() {
        let router = router(
            (.get, "/api/projects/issues/{x}"), (.get, "/api/projects/{id}/issues"), (.get, "/api/projects/{id}"),
            (.get, "/api/projects/issues/search/{y}"))
        #expect(look(router, .get, "/api/projects/issues/7") == "GET /api/projects/issues/{x} | 7")
        #expect(look(router, .get, "/api/projects/issues/issues") == "GET /api/projects/issues/{x} | issues")
        #expect(look(router, .get, "/api/projects/p1/issues") == "GET /api/projects/{id}/issues | p1")
        #expect(look(router, .get, "/api/projects/issues") == "GET /api/projects/{id} | issues")
        #expect(look(router, .get, "/api/projects/issues/search/1") == "GET /api/projects/issues/search/{y} | 1")
        #expect(look(router, .get, "/api/projects/p1/nothing") == "404")
    }

    @Test func anotherMethodIs405WithAllThatThePathAllows() {
        let router = router((.get, "/a/{id}"), (.delete, "/a/{id}"), (.post, "/a/import"))
        #expect(look(router, .put, "/a/1") == "405 GET, HEAD, DELETE")
        #expect(look(router, .put, "/a/import") == "405 GET, HEAD, POST, DELETE")
        #expect(look(router, .post, "/a/import") == "POST /a/import")
        #expect(look(router, .get, "/a/import") == "GET /a/{id} | import")
    }

    @Test func headIsAnsweredByGetUnlessItHasItsOwn() {
        let router = router((.get, "/a"), (.get, "/b"), (.head, "/b"))
        #expect(look(router, .head, "/a") == "GET /a")
        #expect(look(router, .head, "/b") == "HEAD /b")
    }

    @Test func aTrailingSlashCountsExceptOnAScopesRootAndWhereThePatternHasIt() {
        let router = router(
            (.get, "/agents-api"), (.get, "/agents-api/{id}"), (.get, "/swagger-ui/"), (.get, "/a/b/"), (.get, "/"))
        #expect(look(router, .get, "/agents-api/") == "GET /agents-api")
        #expect(look(router, .get, "/agents-api/1/") == "404")
        #expect(look(router, .get, "/swagger-ui") == "GET /swagger-ui/")
        #expect(look(router, .get, "/a/b") == "GET /a/b/")
        #expect(look(router, .get, "/a/b/") == "GET /a/b/")
        #expect(look(router, .get, "/") == "GET /")
    }

    @Test func aRestTakesOneOrMoreSegments() {
        let router = router((.get, "/files/{path...}"), (.get, "/files/{id}/meta"))
        #expect(look(router, .get, "/files/a") == "GET /files/{path...} | a")
        #expect(look(router, .get, "/files/a/b%20c/d") == "GET /files/{path...} | a/b c/d")
        #expect(look(router, .get, "/files/a/meta") == "GET /files/{id}/meta | a")
        #expect(look(router, .get, "/files/a/b/") == "GET /files/{path...} | a/b")
        #expect(look(router, .get, "/files") == "404")
    }

    @Test(arguments: [
        "", "x", "/a/..", "/a/.", "/a/%2e%2e", "/a/.%2E/b", "/a/b%2Fc", "/a/b%5Cc", "/a/b\\c", "/a/%00", "/a/%0a", "/a/\u{7f}",
        "/a/%",
        "/a/%4", "/a/%zz", "/a/%ff", "/a/%c0%af", "/a/%ed%a0%80", "/../a", "/a/\u{1}",
    ])
    func aPathThatNamesNothingSafelyIsBad(path: String) {
        #expect(look(router((.get, "/a/{id}"), (.get, "/{rest...}")), .get, path) == "400")
    }

    @Test func bytesThatAreNotUTF8AreBad() {
        guard case .badPath = router((.get, "/a/{id}")).match(.get, [47, 97, 47, 0xFF][...]) else {
            Issue.record("bytes that are not UTF-8 were taken")
            return
        }
    }

    @Test func emptySegmentsAreNotFoundAndDotsInsideNamesAreFine() {
        let router = router((.get, "/a/{id}"), (.get, "/{rest...}"))
        #expect(look(router, .get, "/a//") == "404")
        #expect(look(router, .get, "//a") == "404")
        #expect(look(router, .get, "/a/...") == "GET /a/{id} | ...")
        #expect(look(router, .get, "/a/.x") == "GET /a/{id} | .x")
        #expect(look(router, .get, "/%61/1") == "GET /a/{id} | 1")
    }

    @Test func aSliceOfALargerTargetIsMatchedInPlace() {
        let target = Array("xx/a/%C3%A9?q=1".utf8)
        guard case .found(_, let parameters) = router((.get, "/a/{id}")).match(.get, target[2..<11]) else {
            Issue.record("not found")
            return
        }
        #expect(parameters["id"] == "é")
    }
}
