import HTTP
import Models
import SuiteTesting
import Testing

/// Values of requests that come back in responses: names, ids, queries and keys with line ends in them never make a second field
/// or a second response.
@Suite(.serialized) struct ReflectedValueTests {
    private static let hostile = "evil\r\nX-Split: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Split: 1\r\n\r\n"

    /// Bodies whose one value must be refused: what names something is one line.
    private static let refused: [(path: String, members: [String: JSONValue])] = [
        ("/agents-api", ["name": .string(hostile), "model": .object(["provider": .string("runbook")])]),
        ("/agents-api", ["name": .string("A"), "slug": .string(hostile), "model": .object(["provider": .string("runbook")])]),
        ("/skills-api", ["name": .string(hostile), "content": .string("x")]),
        ("/skills-api", ["name": .string("S"), "slug": .string(hostile), "content": .string("x")]),
        ("/api/projects", ["name": .string(hostile)]), ("/api/projects", ["name": .string("P"), "slug": .string(hostile)]),
        ("/goals-api", ["title": .string(hostile), "description": .string("x")]),
        ("/tasks-api", ["title": .string(hostile)]), ("/api/issues", ["title": .string(hostile)]),
        ("/webhooks-api/endpoints", ["name": .string(hostile), "provider": .string("ci")]),
        ("/webhooks-api/subscriptions", ["url": .string("http://a/\(hostile)"), "events": .array([.string(hostile)])]),
        ("/auth/users", ["username": .string(hostile), "password": .string("a long password")]),
        ("/auth/api-keys", ["name": .string(hostile), "role": .string("viewer")]),
        ("/auth/workspaces", ["name": .string(hostile)]), ("/auth/workspaces", ["name": .string("W"), "slug": .string(hostile)]),
        ("/auth/login", ["username": .string(hostile), "password": .string(hostile)]),
    ]

    /// Bodies that may hold any text.
    private static let taken: [(path: String, members: [String: JSONValue])] = [
        ("/skills-api", ["name": .string("S"), "description": .string("d"), "content": .string(hostile)]),
        ("/memory-api", ["content": .string(hostile), "scope": .string("global")]),
        ("/api/projects", ["name": .string("P"), "description": .string(hostile)]),
    ]

    @Test func noValueOfABodySplitsAResponse() async throws {
        let suite = try await SuiteProcess()
        let token = try await suite.token(role: .owner)
        for (path, members) in Self.refused {
            let answer = try await suite.send(.post, path, body: try JSON.encode(JSONValue.object(members)), token: token)
            #expect([400, 401].contains(answer.status), "POST \(path) \(members): \(answer.status) \(answer.text)")
            check(answer, "POST \(path) \(members)")
        }
        for (path, members) in Self.taken {
            // Twice with one key: the second is the first answer, kept and read again.
            for turn in ["first", "again"] {
                let answer = try await suite.send(
                    .post, path, body: try JSON.encode(JSONValue.object(members)), headers: [("idempotency-key", "key")],
                    token: token)
                #expect(answer.status == 201, "\(turn) POST \(path): \(answer.text)")
                #expect((answer.header("idempotent-replayed") != nil) == (turn == "again"))
                check(answer, "POST \(path) \(members)")
                let location = try #require(answer.header("location"))
                #expect(location.utf8.allSatisfy { $0 > 32 && $0 < 127 }, "POST \(path): \(location)")
                let shown = try await suite.send(.get, location, token: token)
                #expect(shown.status == 200, "GET \(location): \(shown.text)")
                check(shown, "GET \(location)")
            }
        }
        await suite.stop()
    }

    @Test func noValueOfATargetOrAFieldSplitsAResponse() async throws {
        let suite = try await SuiteProcess()
        let token = try await suite.token(role: .owner)
        let escaped = PercentCoding.encoded(Self.hostile)
        let document = try await suite.send(.get, "/api-docs/openapi.json").json()
        guard case .object(let paths) = document["paths"] else {
            Issue.record("the document has no paths")
            return
        }
        for pattern in paths.keys.sorted() where !pattern.hasSuffix("/stream") && pattern != "/events" && pattern != "/ws" {
            let segments = pattern.split(separator: "/", omittingEmptySubsequences: false)
            let path = segments.map { $0.hasPrefix("{") ? escaped : String($0) }.joined(separator: "/")
            let plain = segments.map { $0.hasPrefix("{") ? "nothing" : String($0) }.joined(separator: "/")
            for target in [path, "\(plain)?workspace_id=\(escaped)&cursor=\(escaped)&status=\(escaped)&\(escaped)=1"] {
                for method in [HTTP.Method.get, .delete, .trace] {
                    let answer = try await suite.send(
                        method, target,
                        headers: [
                            ("x-workspace-id", Self.hostile), ("x-request-id", Self.hostile), ("origin", Self.hostile),
                            ("if-none-match", Self.hostile), ("range", Self.hostile), ("traceparent", Self.hostile),
                        ], token: token)
                    check(answer, "\(method) \(target)")
                    #expect(answer.status < 500, "\(method) \(target): \(answer.status) \(answer.text)")
                }
            }
        }
        await suite.stop()
    }

    private func check(_ answer: TestAnswer, _ what: String) {
        let headers = answer.response.headers
        for field in headers.fields {
            let name = String(decoding: headers.bytes[field.name], as: UTF8.self).lowercased()
            #expect(name != "x-split", "\(what)")
            #expect(headers.bytes[field.value].allSatisfy { $0 == 9 || ($0 >= 32 && $0 != 127) }, "\(what): \(name)")
        }
    }
}
