import HTTP
import Identity
import Models
import Service

/// What an agent's token may write: in the scopes of its policy, of its own project and itself, and by itself only with
/// `auto_save`.
struct AgentPolicy: Sendable {
    let peers: Peers

    private struct Known: Decodable {
        let memoryPolicy: MemoryPolicyInput

        enum CodingKeys: String, CodingKey { case memoryPolicy = "memory_policy" }
    }

    /// Whether the agent's memories are saved without a human. Not those of an agent that is gone.
    func savesByItself(_ run: RunBinding) async throws -> Bool {
        do {
            let agent = try await peers.get(
                .agents, "/agents-api/\(PercentCoding.encoded(run.agentID))", workspace: run.workspace, as: Known.self)
            return agent.memoryPolicy.autoSave ?? false
        } catch let error as ServiceError where error.kind == .notFound {
            return false
        }
    }

    /// What an agent wants to remember, of its run's project and of itself where it does not say so.
    /// - Throws: 403 for a scope that its policy does not let it write, and for another project or agent.
    static func confined(_ input: CreateMemory, to run: RunBinding) throws(ServiceError) -> CreateMemory {
        var input = input
        let scope = MemoryRules.scope(of: input)
        input.scope = scope
        if scope == .project { input.projectID = input.projectID ?? run.projectID }
        if scope == .agentPrivate { input.agentID = input.agentID ?? run.agentID }
        try check(scope, project: input.projectID, agent: input.agentID, run)
        return input
    }

    /// - Throws: 403 for a memory that the agent may not write.
    static func check(_ memory: Models.Memory, _ run: RunBinding) throws(ServiceError) {
        try check(memory.scope, project: memory.projectID, agent: memory.agentID, run)
    }

    private static func check(
        _ scope: MemoryScope, project: String?, agent: String?, _ run: RunBinding
    ) throws(ServiceError) {
        guard run.memoryWriteScopes.contains(scope.rawValue) else {
            throw .forbidden("the agent's memory policy does not let it write in the scope \(scope.rawValue)")
        }
        if let project, project != run.projectID { throw .forbidden("an agent writes the memory of its own project only") }
        if let agent, agent != run.agentID { throw .forbidden("an agent writes its own private memory only") }
    }
}
