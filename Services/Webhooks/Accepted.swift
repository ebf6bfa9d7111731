import HTTP
import Service

/// 202 with any JSON value: it was taken, and its effects follow.
struct Accepted<Value: Codable & Sendable>: Answer {
    let value: Value

    init(_ value: Value) { self.value = value }

    static var description: AnswerDescription { AnswerDescription(202, .json(Value.self)) }

    func response(to call: Call) throws -> Response { .json(try JSON.encode(value), status: .accepted) }
}
