import HTTP
import Identity
import Models
import Service
import Storage

/// What a runner says, by its agent's token, which is bound to one attempt. Every report is fenced by that.
struct ReportHandlers: Sendable {
    let transitions: RunTransitions
    let contexts: ContextBuilder

    /// All that an agent starts with. The first sign of life of its attempt.
    func context(_ call: Call) async throws -> Reply<RunContext> {
        let binding = try call.binding()
        let stored = try await transitions.environment.database.write { try transitions.renew(binding, in: $0) }
        return Reply(try await contexts.context(of: try stored.model(), asking: binding))
    }

    /// Renews the lease. A run that has ended is told so, once it asks: it is to die.
    func heartbeat(_ call: Call, body: HeartbeatReport) async throws -> Reply<HeartbeatAnswer> {
        let binding = try call.binding()
        return try await call.write { transaction in
            let stored = try transitions.runs.run(binding.runID, in: binding.workspace, transaction)
            let run = try stored.model()
            if run.status.isFinal, run.attempt == binding.attempt {
                return Reply(HeartbeatAnswer(status: run.status, cancel: true))
            }
            let renewed = try transitions.renew(binding, in: transaction).model()
            let isHeld = try transitions.held.isHeld(binding.taskID, in: binding.workspace, transaction)
            return Reply(HeartbeatAnswer(status: renewed.status, cancel: false, pause: isHeld ? true : nil))
        }
    }

    /// Takes the attempt's totals so far. The answer says whether the run is to die: it has used more than its agent may; and
    /// whether it is to wait before its next turn.
    func usage(_ call: Call, body: Usage) async throws -> Reply<HeartbeatAnswer> {
        let binding = try call.binding()
        try RunRules.check(body)
        return try await call.write { transaction in
            let run = try transitions.use(body, binding, in: transaction).model()
            let isHeld = try transitions.held.isHeld(binding.taskID, in: binding.workspace, transaction)
            return Reply(HeartbeatAnswer(status: run.status, cancel: run.status.isFinal, pause: isHeld ? true : nil))
        }
    }

    /// Takes the one outcome of the attempt. The same report sent again is answered as the first time; another one is 409.
    func result(_ call: Call, body: RunResultReport) async throws -> Reply<RunResult> {
        let binding = try call.binding()
        try RunRules.check(body)
        let digest = Digest.sha256(try DocumentCoding.encode(body))
        let (runs, work) = (transitions.runs, transitions.work)
        return try await call.write { transaction in
            let stored = try runs.run(binding.runID, in: binding.workspace, transaction)
            if let kept = try runs.result(of: binding.runID, transaction), kept.attempt == binding.attempt,
                let first = kept.report
            {
                guard first == digest else {
                    throw ServiceError.conflict("the run has ended with another result", code: "result_differs")
                }
                return Reply(try runs.apiResult(of: stored, transaction))
            }
            let current = try work.fence(binding.runID, attempt: binding.attempt, in: transaction)
            let finished = try transitions.finish(
                stored, current, as: RunOutcome(body), report: digest, actor: call.actor, in: transaction)
            return Reply(try runs.apiResult(of: finished, transaction))
        }
    }
}

/// Whom an agent's token belongs to.
struct TokenHandlers: Sendable {
    let environment: ServiceEnvironment
    let tokens = TokenStore()

    func resolve(_ call: Call, body: ResolveAgentToken) async throws -> Reply<RunBinding> {
        guard let hash = Identity.Base64URL.decode(body.tokenHash.utf8), hash.count == Digest.byteCount else {
            throw ServiceError.invalid("token_hash", "must be a SHA-256 in base64url")
        }
        guard let binding = try await environment.database.read({ try tokens.binding(hash, $0) }) else {
            throw ServiceError.notFound("token")
        }
        return Reply(binding)
    }
}

extension Call {
    /// What the agent's token is bound to.
    /// - Throws: 404 when that is not the run that the path names.
    func binding() throws -> RunBinding {
        guard let binding = principal.run else { throw ServiceError.forbidden("only an agent's own token may call this") }
        guard binding.runID == parameter("id") else { throw ServiceError.notFound(Run.noun) }
        return binding
    }
}
