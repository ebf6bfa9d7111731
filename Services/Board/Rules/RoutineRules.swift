import HTTP
import Models

/// What the domain asks of routines and of what they are given. Pure functions.
enum RoutineRules {
    static let inputsMax = 32
    static let tasksMax = 50

    /// The inputs of an issue's routine: an object, and only where there is a routine.
    /// - Throws: 400 for `routine_inputs`.
    static func inputs(_ value: JSONValue?, hasRoutine: Bool) throws -> JSONValue? {
        guard let value, value != .null else { return nil }
        guard case .object(let members) = value else { throw ServiceError.invalid("routine_inputs", "must be a JSON object") }
        guard hasRoutine || members.isEmpty else { throw ServiceError.invalid("routine_inputs", "needs a routine_id") }
        guard try JSON.encode(value).count <= IssueRules.inputsBytesMax else {
            throw ServiceError.invalid("routine_inputs", "must have at most \(IssueRules.inputsBytesMax) bytes")
        }
        return hasRoutine ? value : nil
    }

    static func validate(_ routine: Routine) throws(ServiceError) {
        try Check.name(routine.name)
        try Check.text(routine.description, "description")
        try Check.list(routine.inputs.map(\.name), "inputs", max: inputsMax)
        for (index, input) in routine.inputs.enumerated() {
            let isName =
                !input.name.isEmpty && input.name.utf8.count <= Check.tagLengthMax
                && input.name.utf8.allSatisfy { isWordByte($0) }
            guard isName else { throw .invalid("inputs[\(index)].name", "must be letters, digits and underscores") }
        }
        guard !routine.tasks.isEmpty else { throw .invalid("tasks", "must have at least one") }
        guard routine.tasks.count <= tasksMax else { throw .invalid("tasks", "must have at most \(tasksMax) items") }
        for (index, task) in routine.tasks.enumerated() {
            try Check.name(task.title, "tasks[\(index)].title")
            try Check.text(task.description, "tasks[\(index)].description")
        }
    }

    /// The routine's tasks with the inputs in the places that name them.
    /// - Throws: 400 naming what is missing.
    static func fill(_ routine: Routine, with inputs: [String: JSONValue]) throws -> [Routine.Template] {
        for input in routine.inputs where input.required {
            guard let value = inputs[input.name], value != .null else {
                throw ServiceError.invalid("inputs.\(input.name)", "required by the routine \(routine.name)")
            }
        }
        return try routine.tasks.enumerated().map { index, task in
            let filled = Routine.Template(
                title: try replaced(task.title, inputs), description: try replaced(task.description, inputs))
            try Check.text(filled.description, "tasks[\(index)].description")
            return filled
        }
    }

    /// A text with every `{{name}}` replaced by the input of that name, or by nothing.
    static func replaced(_ text: String, _ inputs: [String: JSONValue]) throws -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            let name = rest[open.upperBound..<close.lowerBound].filter { $0 != " " }
            result += rest[..<open.lowerBound]
            if !name.isEmpty, name.utf8.allSatisfy({ isWordByte($0) }) {
                result += try word(inputs[String(name)])
            } else {
                result += rest[open.lowerBound..<close.upperBound]
            }
            rest = rest[close.upperBound...]
        }
        return result + rest
    }

    private static func word(_ value: JSONValue?) throws -> String {
        switch value {
        case nil, .null: ""
        case .string(let text): text
        case let value?: String(decoding: try JSON.encode(value), as: UTF8.self)
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 95
    }
}
