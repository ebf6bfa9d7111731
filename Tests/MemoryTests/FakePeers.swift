import HTTP
import Identity
import Models
import Service
import SuiteTesting

@testable import Memory

/// A goals service that knows two projects, and an agents service that knows two agents, one of which may save by itself.
struct FakePeers: Responder {
    static let known: [String: String] = [
        "/api/projects/nexus": #"{"id":"proj_1"}"#, "/api/projects/proj_1": #"{"id":"proj_1"}"#,
        "/api/projects/proj_2": #"{"id":"proj_2"}"#,
        "/agents-api/agent_a": #"{"id":"agent_a","memory_policy":{"auto_save":true}}"#,
        "/agents-api/a": #"{"id":"agent_a","memory_policy":{"auto_save":true}}"#,
        "/agents-api/agent_b": #"{"id":"agent_b","memory_policy":{"auto_save":false}}"#,
    ]

    func respond(to request: Request) async -> Response {
        let path = String(decoding: request.path, as: UTF8.self)
        guard let body = FakePeers.known[path] else {
            return Response.json(Array(#"{"error":"not there","code":"not_found"}"#.utf8), status: .notFound)
        }
        return Response.json(Array(body.utf8))
    }

    /// A bench with the memory service among these peers.
    static func bench(clock: WallClock = .system) async throws -> TestBench {
        try await TestBench([MemoryService.self], fakes: [.goals: FakePeers(), .agents: FakePeers()], clock: clock)
    }

    /// An agent at work in the project `proj_1`.
    static func agent(
        _ id: String = "agent_a", reads: [String] = ["global", "project", "agent_private"],
        writes: [String] = ["project", "agent_private"]
    ) -> Principal {
        Principal.agent(
            name: id,
            run: RunBinding(
                runID: "run_1", attempt: 1, agentID: id, taskID: "task_1", projectID: "proj_1", workspace: "default",
                memoryReadScopes: reads, memoryWriteScopes: writes))
    }
}

extension TestBench {
    /// Remembers something, as a person.
    func remember(_ json: String) async throws -> Models.Memory {
        try await send(.memory, .post, "/memory-api", json: json).decoded(Models.Memory.self)
    }

    /// The contents of what a search finds.
    func found(_ query: String, as principal: Principal? = user(.viewer)) async throws -> [String] {
        let answer = try await send(.memory, .get, "/memory-api/search?\(query)", as: principal)
        return try answer.decoded(MemorySearchResults.self).results.map(\.memory.content)
    }
}
