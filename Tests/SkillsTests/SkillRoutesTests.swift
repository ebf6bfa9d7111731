import HTTP
import Identity
import Models
import Skills
import SuiteTesting
import Testing

/// The skills scope through its router.
@Suite struct SkillRoutesTests {
    static let body = """
        {
        "name": "Rust backend", "slug": "rust-backend", "description": "How we write services", "tags": ["rust"],
        "content": "# Rust\\n\\n## Errors\\n\\nUse thiserror.",
        "tests": [
            { "name": "names the crate", "contains": "thiserror" },
            { "name": "has a heading", "heading": "errors" },
            { "name": "never panics", "not_contains": "unwrap()" },
            { "name": "tells of tests", "heading": "Tests" }
        ]
        }
        """

    @Test func aSkillIsMadeReadChangedAndDeleted() async throws {
        let bench = try await TestBench([SkillsService.self])
        let created = try await bench.send(.skills, .post, "/skills-api", json: Self.body)
        #expect(created.status == 201)
        let skill = try created.decoded(Skill.self)
        #expect(skill.id.hasPrefix("skill_"))
        #expect(created.header("location") == "/skills-api/\(skill.id)")
        #expect(skill.publishedVersion == nil)
        #expect(try await bench.send(.skills, .get, "/skills-api/rust-backend").bytes == created.bytes)
        #expect(try await bench.send(.skills, .post, "/skills-api", json: Self.body).status == 409)

        let changed = try await bench.send(.skills, .patch, "/skills-api/rust-backend", json: #"{"description":"x","tags":null}"#)
        #expect(changed.status == 200)
        #expect(try changed.decoded(Skill.self).tags == [])
        #expect(try changed.decoded(Skill.self).content == skill.content)
        let stale = [("if-match", created.header("etag") ?? "")]
        #expect(try await bench.send(.skills, .delete, "/skills-api/rust-backend", headers: stale).status == 412)
        #expect(try await bench.send(.skills, .delete, "/skills-api/rust-backend").status == 204)
        #expect(try await bench.send(.skills, .get, "/skills-api/\(skill.id)").status == 404)
        await bench.stop()
    }

    @Test func badBodiesNameTheField() async throws {
        let bench = try await TestBench([SkillsService.self])
        for (body, field) in [
            (#"{"slug":"x"}"#, "name"),
            (#"{"name":"x","slug":"No Slug"}"#, "slug"),
            (#"{"name":"import"}"#, "slug"),
            (#"{"name":"x","tags":"rust"}"#, "tags"),
            (#"{"name":"x","tags":["a","a"]}"#, "tags"),
            (#"{"name":"x","content":7}"#, "content"),
            (#"{"name":"x","tests":[{"name":"t"}]}"#, "tests[0]"),
            (#"{"name":"x","tests":[{"contains":"t"}]}"#, "tests[0].name"),
            (#"{"name":"x","content":"\#(String(repeating: "a", count: Check.textBytesMax + 1))"}"#, "content"),
        ] {
            let answer = try await bench.send(.skills, .post, "/skills-api", json: body)
            #expect(answer.status == 400)
            #expect(try answer.json()["field"]?.string == field, "\(answer.text)")
        }
        #expect(try await bench.send(.skills, .get, "/skills-api").json()["skills"] == .array([]))
        await bench.stop()
    }

    @Test func versionsAreUniqueAndThePublishedOneIsNamed() async throws {
        let bench = try await TestBench([SkillsService.self])
        _ = try await bench.send(.skills, .post, "/skills-api", json: Self.body)
        let path = "/skills-api/rust-backend"
        let first = try await bench.send(
            .skills, .post, path + "/versions", json: #"{"version":"1.2.0","content":"one","changelog":"first"}"#)
        #expect(first.status == 201)
        #expect(first.header("location")?.hasSuffix("/versions/1.2.0") == true)
        #expect(try await bench.send(.skills, .post, path + "/versions", json: #"{"version":"1.2.0"}"#).status == 409)
        for version in ["1.2", "01.2.0", "1.2.0-", "v1.2.0", "latest", "1.2.-1"] {
            let answer = try await bench.send(.skills, .post, path + "/versions", json: #"{"version":"\#(version)"}"#)
            #expect(answer.status == 400)
            #expect(try answer.json()["field"]?.string == "version")
        }
        _ = try await bench.send(.skills, .post, path + "/versions", json: #"{"version":"1.10.0","content":"two"}"#)
        _ = try await bench.send(.skills, .post, path + "/versions", json: #"{"version":"1.9.0","content":"three"}"#)
        #expect(try await bench.send(.skills, .get, path).decoded(Skill.self).latestVersion == "1.10.0")
        guard case .array(let versions) = try await bench.send(.skills, .get, path + "/versions").json()["versions"] else {
            Issue.record("no versions")
            return
        }
        #expect(versions.count == 3)

        #expect(try await bench.send(.skills, .post, path + "/publish", json: #"{"version":"9.9.9"}"#).status == 404)
        #expect(try await bench.send(.skills, .post, path + "/publish", json: "{}").json()["field"]?.string == "version")
        let published = try await bench.send(.skills, .post, path + "/publish", json: #"{"version":"1.2.0"}"#)
        #expect(try published.decoded(Skill.self).publishedVersion == "1.2.0")
        let version = try await bench.send(.skills, .get, path + "/versions/1.2.0").decoded(SkillVersion.self)
        #expect(version.content == "one")
        #expect(version.changelog == "first")
        #expect(try await bench.send(.skills, .get, path + "/versions/7.0.0").status == 404)
        await bench.stop()
    }

    @Test func aSkillWithoutVersionsCanBePublishedAsItsFirst() async throws {
        let bench = try await TestBench([SkillsService.self])
        _ = try await bench.send(.skills, .post, "/skills-api", json: Self.body)
        let published = try await bench.send(.skills, .post, "/skills-api/rust-backend/publish", json: #"{"version":"1.0.0"}"#)
        #expect(try published.decoded(Skill.self).publishedVersion == "1.0.0")
        let version = try await bench.send(.skills, .get, "/skills-api/rust-backend/versions/1.0.0").decoded(SkillVersion.self)
        #expect(version.content.hasPrefix("# Rust"))
        await bench.stop()
    }

    @Test func testsTellWhatIsNotAsExpected() async throws {
        let bench = try await TestBench([SkillsService.self])
        _ = try await bench.send(.skills, .post, "/skills-api", json: Self.body)
        let path = "/skills-api/rust-backend/test"
        let report = try await bench.send(.skills, .post, path, as: TestBench.user(.viewer)).decoded(SkillTestReport.self)
        #expect(report.passed == 3)
        #expect(report.failed == 1)
        #expect(report.results[3].message == "the content has no heading \"Tests\"")
        _ = try await bench.send(
            .skills, .post, "/skills-api/rust-backend/versions", json: #"{"version":"2.0.0","content":" ## Tests"}"#)
        let other = try await bench.send(.skills, .post, path, json: #"{"version":"2.0.0"}"#).decoded(SkillTestReport.self)
        #expect(other.results.map(\.passed) == [false, false, true, true])
        #expect(try await bench.send(.skills, .post, path, json: #"{"version":"3.0.0"}"#).status == 404)
        await bench.stop()
    }

    @Test func whatIsExportedCanBeImportedElsewhere() async throws {
        let bench = try await TestBench([SkillsService.self])
        _ = try await bench.send(.skills, .post, "/skills-api", json: Self.body)
        _ = try await bench.send(.skills, .post, "/skills-api/rust-backend/publish", json: #"{"version":"1.0.0"}"#)
        let exported = try await bench.send(.skills, .get, "/skills-api/rust-backend/export")
        #expect(exported.header("content-type") == "text/markdown; charset=utf-8")
        #expect(
            exported.text == """
                ---
                name: Rust backend
                slug: rust-backend
                description: How we write services
                version: 1.0.0
                tags: [rust]
                ---

                # Rust

                ## Errors

                Use thiserror.
                """)
        let markdown = [("content-type", "text/markdown")]
        let again = try await bench.send(.skills, .post, "/skills-api/import", json: exported.text, headers: markdown)
        #expect(again.status == 409)
        let elsewhere = TestBench.user(.manager, workspace: "ws_other")
        let imported = try await bench.send(
            .skills, .post, "/skills-api/import", json: exported.text, headers: markdown, as: elsewhere)
        #expect(imported.status == 201)
        let skill = try imported.decoded(Skill.self)
        #expect(skill.latestVersion == "1.0.0")
        #expect(skill.publishedVersion == nil)
        let back = try await bench.send(.skills, .get, "/skills-api/rust-backend/export?version=1.0.0", as: elsewhere)
        #expect(back.text == exported.text)
        for (type, text, status) in [
            ("application/zip", "PK", UInt16(415)), ("application/json", "{}", 415), ("text/markdown", "# no front matter", 400),
            ("text/markdown", "---\ndescription: x\n---\n", 400),
        ] {
            let answer = try await bench.send(.skills, .post, "/skills-api/import", json: text, headers: [("content-type", type)])
            #expect(answer.status == status, "\(answer.text)")
        }
        await bench.stop()
    }

    @Test func rolesWorkspacesAndAgentsTokensHold() async throws {
        let agents = FakeAgents(skills: ["rust-backend@1.0.0"])
        let bench = try await TestBench([SkillsService.self], fakes: [.agents: agents])
        #expect(try await bench.send(.skills, .post, "/skills-api", json: Self.body, as: nil).status == 401)
        #expect(try await bench.send(.skills, .post, "/skills-api", json: Self.body, as: TestBench.user(.editor)).status == 403)
        #expect(try await bench.send(.skills, .post, "/skills-api", json: Self.body, as: TestBench.user(.manager)).status == 201)
        _ = try await bench.send(.skills, .post, "/skills-api", json: #"{"name":"Other"}"#)
        #expect(try await bench.send(.skills, .get, "/skills-api", as: TestBench.user(.viewer)).status == 200)
        let elsewhere = TestBench.user(.owner, workspace: "ws_other")
        #expect(try await bench.send(.skills, .get, "/skills-api/rust-backend", as: elsewhere).status == 404)

        let agent = Principal.agent(
            name: "a", run: RunBinding(runID: "run_1", attempt: 1, agentID: "agent_a", taskID: "task_1", workspace: "default"))
        #expect(try await bench.send(.skills, .get, "/skills-api/rust-backend", as: agent).status == 200)
        #expect(try await bench.send(.skills, .get, "/skills-api/rust-backend/versions", as: agent).status == 200)
        #expect(try await bench.send(.skills, .get, "/skills-api/other", as: agent).status == 404)
        #expect(try await bench.send(.skills, .get, "/skills-api/other/export", as: agent).status == 404)
        #expect(try await bench.send(.skills, .get, "/skills-api", as: agent).status == 403)
        #expect(try await bench.send(.skills, .patch, "/skills-api/rust-backend", json: "{}", as: agent).status == 403)
        await bench.stop()
    }

    @Test func listsFilterBySlugTagAndPublication() async throws {
        let bench = try await TestBench([SkillsService.self])
        _ = try await bench.send(.skills, .post, "/skills-api", json: Self.body)
        _ = try await bench.send(.skills, .post, "/skills-api", json: #"{"name":"Other","tags":["go"]}"#)
        _ = try await bench.send(.skills, .post, "/skills-api/other/publish", json: #"{"version":"1.0.0"}"#)
        for (query, slugs) in [
            ("slug=other", ["other"]), ("tags=rust", ["rust-backend"]), ("published=true", ["other"]),
            ("search=RUST", ["rust-backend"]),
            ("tags=rust,go", []), ("limit=1", ["other"]),
        ] {
            guard case .array(let found) = try await bench.send(.skills, .get, "/skills-api?\(query)").json()["skills"] else {
                Issue.record("no skills")
                return
            }
            #expect(found.compactMap { $0["slug"]?.string } == slugs, "\(query)")
        }
        #expect(try await bench.send(.skills, .get, "/skills-api?limit=0").status == 400)
        let many = (0..<2000).map { "t\($0)" }.joined(separator: ",")
        #expect(try await bench.send(.skills, .get, "/skills-api?tags=\(many)").status == 400)
        #expect(try await bench.send(.skills, .get, "/skills-api?cursor=nonsense").status == 400)
        await bench.stop()
    }
}

/// An agents service that knows one agent.
struct FakeAgents: Responder {
    let skills: [String]

    func respond(to request: Request) async -> Response {
        guard String(decoding: request.path, as: UTF8.self) == "/agents-api/agent_a" else {
            return Response.json(Array(#"{"error":"no such agent","code":"not_found"}"#.utf8), status: .notFound)
        }
        let list = skills.map { "\"\($0)\"" }.joined(separator: ",")
        return Response.json(Array("{\"id\":\"agent_a\",\"skills\":[\(list)]}".utf8))
    }
}
