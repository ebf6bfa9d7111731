import HTTP
import Models
import SuiteTesting
import Testing

/// Bad input, to every route that the suite's OpenAPI document names: always a 4xx in the error shape, never a changed row.
@Suite(.serialized) struct BadInputTests {
    /// Bodies that no route can take, by what is wrong with them.
    static let bodies: [(name: String, bytes: [UInt8])] = [
        ("not JSON", Array("{".utf8)),
        ("an array", Array("[1,2,3]".utf8)),
        ("a number", Array("12345678901234567890123456789".utf8)),
        ("trailing text", Array("{} {}".utf8)),
        ("invalid UTF-8", Array("{\"name\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)),
        ("a lone surrogate", Array(#"{"name":"\ud800","title":"\ud800"}"#.utf8)),
        ("deep nesting", Array((String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)).utf8)),
        ("deeply nested objects", Array(String(repeating: #"{"a":"#, count: 2000).utf8)),
        ("NUL bytes", [0, 0, 0, 0]),
    ]

    /// Values of the wrong kind for any member.
    static let wrongs = ["[[[]]]", #"{"x":{"y":[1e999]}}"#, "-1e400", "1e999"]

    struct Operation {
        let method: HTTP.Method
        let path: String
        let members: [String]
        let hasBody: Bool
    }

    @Test func everyRouteRefusesWhatItCannotTake() async throws {
        let suite = try await SuiteProcess()
        let token = try await suite.token(role: .owner)
        let operations = try await operations(suite)
        #expect(operations.count > 60)
        let before = try await snapshot(suite, token)
        for operation in operations where operation.hasBody {
            for (name, bytes) in Self.bodies {
                let answer = try await suite.send(operation.method, operation.path, body: bytes, token: token)
                check(answer, "\(operation.method) \(operation.path) with \(name)")
            }
            for member in operation.members {
                for wrong in Self.wrongs {
                    let body = Array("{\"\(member)\":\(wrong)}".utf8)
                    let answer = try await suite.send(operation.method, operation.path, body: body, token: token)
                    check(answer, "\(operation.method) \(operation.path) with \(member): \(wrong)")
                }
            }
        }
        #expect(try await snapshot(suite, token) == before, "a refused request has changed something")
        await suite.stop()
    }

    @Test func unknownIDsAndBadQueriesAreRefusedEverywhere() async throws {
        let suite = try await SuiteProcess()
        let token = try await suite.token(role: .owner)
        for operation in try await operations(suite) {
            let isShown = operation.method == .get || operation.method == .delete
            if operation.path.contains("nothing_here"), isShown {
                let answer = try await suite.send(operation.method, operation.path, token: token)
                let isFile = operation.path.hasPrefix("/swagger-ui") || operation.path.hasPrefix("/dashboard")
                #expect(
                    [403, 404].contains(answer.status) || (isFile && answer.status == 404),
                    "\(operation.method) \(operation.path): \(answer.status) \(answer.text)")
            }
            // A stream has no end to wait for.
            guard operation.method == .get, !operation.path.hasSuffix("/stream"), operation.path != "/events" else { continue }
            for query in ["?limit=0", "?limit=x", "?limit=100000", "?cursor=%00", "?a=%zz", "?limit=99999999999999999999"] {
                let answer = try await suite.send(.get, operation.path + query, token: token)
                #expect(answer.status < 500, "GET \(operation.path)\(query): \(answer.status) \(answer.text)")
            }
        }
        let large = [UInt8](repeating: 97, count: (1 << 20) + 1)
        let answer = try await suite.send(.post, "/agents-api", body: large, token: token)
        #expect(answer.status == 413)
        #expect(try answer.json()["error"]?.string != nil)
        await suite.stop()
    }

    private func check(_ answer: TestAnswer, _ what: String) {
        #expect((400..<500).contains(answer.status), "\(what): \(answer.status) \(answer.text.prefix(200))")
        // try?: whether it is JSON at all is what is asked.
        let error = (try? answer.json())?["error"]?.string
        #expect(error?.isEmpty == false, "\(what): \(answer.text.prefix(200))")
    }

    /// Every operation of the document, its path parameters filled with ids of nothing.
    private func operations(_ suite: SuiteProcess) async throws -> [Operation] {
        let document = try await suite.send(.get, "/api-docs/openapi.json").json()
        guard case .object(let paths) = document["paths"] else { return [] }
        var operations: [Operation] = []
        for (pattern, methods) in paths.sorted(by: { $0.key < $1.key }) {
            guard case .object(let methods) = methods else { continue }
            let path = pattern.split(separator: "/", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("{") ? "nothing_here" : String($0) }.joined(separator: "/")
            for (name, operation) in methods {
                guard let method = HTTP.Method.allCases.first(where: { "\($0.name)".lowercased() == name }) else { continue }
                let schema = operation["requestBody"]?["content"]?["application/json"]?["schema"]
                operations.append(
                    Operation(
                        method: method, path: path, members: members(of: schema, in: document), hasBody: schema != nil))
            }
        }
        return operations
    }

    private func members(of schema: JSONValue?, in document: JSONValue) -> [String] {
        var schema = schema
        if let reference = schema?["$ref"]?.string, let name = reference.split(separator: "/").last {
            schema = document["components"]?["schemas"]?[String(name)]
        }
        guard case .object(let properties) = schema?["properties"] else { return [] }
        return properties.keys.sorted()
    }

    /// What all the lists hold.
    private func snapshot(_ suite: SuiteProcess, _ token: String) async throws -> [String] {
        var all: [String] = []
        for path in [
            "/agents-api", "/skills-api", "/memory-api", "/goals-api", "/tasks-api", "/runs-api", "/approvals-api",
            "/api/projects",
            "/api/issues", "/board-api/integrations", "/webhooks-api/endpoints", "/webhooks-api/subscriptions", "/auth/users",
            "/auth/api-keys", "/auth/workspaces", "/approvals-api/policies",
        ] {
            all.append(path + " " + (try await suite.send(.get, path, token: token).text))
        }
        return all
    }
}
