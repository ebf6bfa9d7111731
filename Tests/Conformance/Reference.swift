import HTTP
import Models
import SuiteTesting
import Testing

/// A suite that a reference is held against: a project, two agents, and a token for each role.
struct Reference: Sendable {
    let suite: SuiteProcess
    let owner: String
    let manager: String
    let editor: String
    let viewer: String

    /// What an agent does when it is given an issue: the commands of the issue's description, or else these.
    static let marksResolved = """
        ```sh
        call() { curl -sS --fail --max-time 20 "$@" -H "Authorization: Bearer $NEXUS_AGENT_TOKEN"; }
        case "$NEXUS_URL" in unix:*) call() {
          curl -sS --fail --max-time 20 --unix-socket "${NEXUS_URL#unix:}" "$@" -H "Authorization: Bearer $NEXUS_AGENT_TOKEN"; }
          NEXUS_URL=http://nexus ;; esac
        call -X POST "$NEXUS_URL/api/projects/issues/$NEXUS_ISSUE_ID/comments" -d '{"content":"Half done"}'
        call -X PUT "$NEXUS_URL/api/projects/issues/$NEXUS_ISSUE_ID" -d '{"status":"Resolved"}'
        ```
        """

    init(options: [String] = []) async throws {
        suite = try await SuiteProcess(options: options)
        owner = try await suite.token(role: .owner)
        manager = try await suite.token(role: .manager)
        editor = try await suite.token(role: .editor)
        viewer = try await suite.token(role: .viewer)
        try await make("/api/projects", #"{"name":"Nexus"}"#)
        for name in ["UX Writer", "Frontend Dev"] {
            struct Body: Encodable {
                struct Model: Encodable { let provider = "runbook" }
                let name: String
                let instructions = Reference.marksResolved
                let model = Model()
            }
            let answer = try await suite.send(.post, "/agents-api", body: JSON.encode(Body(name: name)), token: owner)
            try #require(answer.status == 201, "\(answer.text)")
        }
    }

    func call(_ method: HTTP.Method, _ path: String, _ json: String? = nil, as token: String? = nil) async throws -> TestAnswer {
        try await suite.send(method, path, json: json, token: token ?? manager)
    }

    /// Makes something and gives it.
    @discardableResult
    func make(_ path: String, _ json: String) async throws -> JSONValue {
        let answer = try await call(.post, path, json)
        try #require(answer.status == 201, "\(path) \(answer.text)")
        #expect(answer.header("location") != nil, "\(path)")
        return try answer.json()
    }

    func get(_ path: String) async throws -> JSONValue {
        let answer = try await call(.get, path)
        try #require(answer.status == 200, "\(path) \(answer.text)")
        return try answer.json()
    }

    /// Each of the calls answers its status, and errors have the one shape.
    func expect(_ table: [(HTTP.Method, String, String?, UInt16)]) async throws {
        for (method, path, json, status) in table {
            let answer = try await call(method, path, json)
            #expect(answer.status == status, "\(method) \(path) \(json ?? ""): \(answer.text)")
            if status >= 400 { #expect(try answer.json()["error"]?.string?.isEmpty == false, "\(answer.text)") }
        }
    }

    /// The call needs the role: the one below is refused, and so is who says nothing.
    func expectRole(_ method: HTTP.Method, _ path: String, refused: String) async throws {
        #expect(try await call(method, path, "{}", as: refused).status == 403, "\(method) \(path)")
        #expect(try await suite.send(method, path, json: "{}").status == 401, "\(method) \(path)")
    }

    /// Asks until a member of an object is as wanted.
    func eventually(_ path: String, _ member: String, is value: String) async throws -> JSONValue {
        let answer = try await suite.eventually(path, token: manager) { try $0.json()[member]?.string == value }
        #expect(try answer.json()[member]?.string == value, "\(path) \(answer.text)")
        return try answer.json()
    }

    /// A form with one file.
    func upload(_ path: String, _ name: String, _ content: [UInt8], type: String = "text/plain") async throws -> TestAnswer {
        let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\ncontent-type: \(type)\r\n\r\n"
        let body = Array(head.utf8) + content + Array("\r\n--b--\r\n".utf8)
        return try await suite.send(
            .post, path, body: body, headers: [("content-type", "multipart/form-data; boundary=b")], token: manager)
    }
}

extension JSONValue {
    var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var keys: Set<String> { if case .object(let object) = self { Set(object.keys) } else { [] } }
    func text(_ member: String) -> String { self[member]?.string ?? "" }
}
