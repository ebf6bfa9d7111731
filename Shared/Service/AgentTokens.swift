import HTTP
import Identity
import Models

/// How agents' tokens are verified outside of the runs service: it is asked, by the token's hash.
public enum AgentTokens {
    /// - Returns: what gives the principal of a token, nil when there is none.
    public static func resolver(by peers: Peers) -> @Sendable (ArraySlice<UInt8>, Timestamp) async throws -> Principal? {
        { token, _ in
            let question = ResolveAgentToken(tokenHash: Base64URL.string(Token.hash(token)))
            do {
                let run = try await peers.post(.runs, "/internal/agent-tokens/resolve", question, as: RunBinding.self)
                return Principal.agent(name: run.agentID, run: run)
            } catch let error as ServiceError where error.kind == .notFound {
                return nil
            }
        }
    }
}
