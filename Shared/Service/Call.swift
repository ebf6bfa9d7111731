import HTTP
import Identity
import Models
import Storage

/// A request that is known: who asks, in which workspace, for what.
public struct Call: Sendable {
    public let request: Request
    public let parameters: PathParameters
    public let query: Query
    public let principal: Principal
    /// The id of the workspace that the request means; the principal was checked against it.
    public let workspace: String
    public var requestID: String { RequestID.known(request) }
    public let environment: ServiceEnvironment
    let idempotency: IdempotencyKey?

    /// The value of a path parameter. The router only calls a handler whose pattern has it.
    public func parameter(_ name: StaticString) -> String { parameters[name] ?? "" }

    public var now: Timestamp { environment.clock.now() }

    /// Who changes something by this call.
    public var actor: Actor {
        switch principal.kind {
        case .user, .apiKey: Actor(type: .user, id: principal.id, name: principal.name)
        case .agent: Actor(type: .agent, id: principal.id, name: principal.name)
        case .service: Actor(type: .service, id: principal.id, name: principal.name)
        }
    }

    /// The page that was asked for: `limit` (1–200, 50 unless said) and `cursor`.
    /// - Throws: 400 for a limit out of range.
    public func page(filters: [Filter] = [], order: [Order], limit fallback: Int = 50, max: Int = 200) throws -> ListQuery {
        let limit = try query.integer("limit", in: 1...max) ?? fallback
        return ListQuery(filters: filters, order: order, limit: limit, cursor: query["cursor"])
    }

    /// An equality filter for each query parameter of `names` that was given, on the column of the same name.
    public func equals(_ names: String...) -> [Filter] {
        names.compactMap { name in query[name].flatMap { $0.isEmpty ? nil : Filter.equals(name, $0) } }
    }

    /// A short read.
    public func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLReader) throws -> Value) async throws -> Value {
        try await environment.database.read { try body($0) }
    }

    /// A change, and the answer that tells of it. With an `Idempotency-Key` the answer is kept in the same transaction,
    /// and given again when the request is repeated.
    public func write<Output: Answer>(_ body: @escaping @Sendable (Transaction) throws -> Output) async throws -> Output {
        try await environment.database.write { transaction in
            try idempotency?.replay(in: transaction)
            let output = try body(transaction)
            try idempotency?.keep(try output.response(to: self), at: now, in: transaction)
            return output
        }
    }

    /// Appends an event in the name of the caller.
    @discardableResult
    public func emit<Model>(_ type: String, _ stored: Stored<Model>, project: String? = nil, in transaction: Transaction) throws
        -> Int64
    {
        try environment.emit(type, stored, project: project, workspace: workspace, actor: actor, in: transaction)
    }

    /// Refuses a change to something that is no longer what the caller has seen (`If-Match`, RFC 9110 §13.1.1).
    /// - Throws: 412.
    public func checkMatch<Model>(_ stored: Stored<Model>) throws {
        if request.headers.ifMatchHolds(for: stored.entityTag) { return }
        throw ServiceError(.preconditionFailed, "If-Match: it has changed since; read it again")
    }

    /// Whether the client already has what `etag` names (`If-None-Match`, RFC 9110 §13.1.2).
    func hasCurrent(_ tag: EntityTag) -> Bool {
        (request.method == .get || request.method == .head) && request.headers.ifNoneMatchHits(tag)
    }
}

extension Stored {
    /// `etag` without its quotes.
    var entityTag: EntityTag { EntityTag(String(etag.dropFirst().dropLast())) }
}
