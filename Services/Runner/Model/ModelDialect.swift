import HTTP
import Models

/// What a model wants done.
struct ToolCall: Sendable, Equatable {
    let id: String
    let name: String
    /// An object; nil when the model wrote something that is none.
    let arguments: JSONTree?
}

/// What came of it, for the model to read.
struct ToolResult: Sendable, Equatable {
    let callID: String
    let text: String
    var isError = false
}

/// One answer of a model.
struct ModelTurn: Sendable, Equatable {
    var text: String
    var calls: [ToolCall]
    var usage: Usage
    /// The answer was cut off at the endpoint's limit.
    var isTruncated: Bool
    /// The message as the endpoint wrote it, to be given back to it with the next one.
    var message: JSONTree
}

/// A message of a conversation.
enum ModelMessage: Sendable, Equatable {
    case user(String)
    /// The model's own, as its endpoint wrote it.
    case model(JSONTree)
    case results([ToolResult])
}

/// A tool as a model is told of it.
struct ToolDescription: Sendable, Equatable {
    let name: String
    let purpose: String
    /// In the order in which they are named.
    let parameters: [Parameter]

    struct Parameter: Sendable, Equatable {
        let name: String
        /// `string`, `integer`, `boolean`, or `array` of strings.
        let type: String
        let purpose: String
        var isRequired = true
    }

    /// A JSON Schema of the arguments.
    var schema: JSONTree {
        let properties = parameters.map { parameter in
            var property: JSONTree = ["type": .string(parameter.type), "description": .string(parameter.purpose)]
            if parameter.type == "array" { property["items"] = ["type": "string"] }
            return JSONTree.Member(parameter.name, property)
        }
        return [
            "type": "object", "properties": .object(properties),
            "required": .array(parameters.filter(\.isRequired).map { .string($0.name) }),
        ]
    }
}

/// How a kind of endpoint is spoken to: pure functions from a conversation to a body, and from an answer to a turn.
protocol ModelDialect: Sendable {
    func url(_ base: String) -> String
    func headers(key: String?) -> [(String, String)]
    func body(_ model: AgentModel, system: String, _ messages: [ModelMessage], _ tools: [ToolDescription]) -> JSONTree
    /// - Returns: nil when the answer is not one.
    func turn(_ answer: JSONTree) -> ModelTurn?
}

extension ModelDialect {
    /// `base` without slashes at its end, and `path` after it.
    static func join(_ base: String, _ path: String) -> String {
        var base = base[...]
        while base.last == "/" { base.removeLast() }
        return base + path
    }
}

extension JSONTree {
    var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value.rounded())
        default: nil
        }
    }

    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var isObject: Bool { if case .object = self { true } else { false } }
}
