import HTTP
import Identity
import Models
import Service

/// Which skills a caller finds: people all of them, an agent's token those that its agent was given.
struct SkillVisibility: Sendable {
    let peers: Peers

    /// What one caller finds.
    struct Reach: Sendable {
        /// nil is all.
        fileprivate let slugs: Set<String>?

        /// - Throws: 404 for a skill that the caller does not find.
        func check(_ skill: Skill) throws {
            guard let slugs, !slugs.contains(skill.slug), !slugs.contains(skill.id) else { return }
            throw ServiceError.notFound(Skill.noun)
        }
    }

    private struct Given: Decodable { let skills: [String] }

    func reach(of call: Call) async throws -> Reach {
        guard call.principal.kind == .agent else { return Reach(slugs: nil) }
        guard let run = call.principal.run else { return Reach(slugs: []) }
        do {
            let agent = try await peers.get(
                .agents, "/agents-api/\(PercentCoding.encoded(run.agentID))", workspace: run.workspace, as: Given.self)
            return Reach(slugs: Set(agent.skills.map { String($0.prefix { $0 != "@" }) }))
        } catch let error as ServiceError where error.kind == .notFound {
            return Reach(slugs: [])
        }
    }
}
