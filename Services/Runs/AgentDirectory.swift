import HTTP
import Models
import Service
import Storage

/// Agents, as the agents service knows them now.
struct AgentDirectory: Sendable {
    let environment: ServiceEnvironment
    let copies = AgentCopies()

    /// An agent by id or slug: from the agents service, or, when that does not answer, as it was when last heard of.
    /// - Parameter field: what a 400 names when there is none.
    func agent(_ reference: String, in workspace: String, field: String) async throws -> Agent {
        guard !reference.isEmpty else { throw ServiceError.invalid(field, "required") }
        do {
            return try await fetch(reference, in: workspace)
        } catch let error as ServiceError {
            switch error.kind {
            case .notFound, .validation: throw ServiceError.invalid(field, "no such agent")
            case .unavailable, .upstream, .timeout:
                if let copy = try await environment.database.read({ try copies.find(reference, in: workspace, $0) }) {
                    return copy
                }
                throw error
            default: throw error
            }
        }
    }

    /// - Throws: 404 when there is none.
    func fetch(_ reference: String, in workspace: String) async throws -> Agent {
        try await environment.peers.get(
            .agents, "/agents-api/\(PercentCoding.encoded(reference))", workspace: workspace, as: Agent.self)
    }
}
