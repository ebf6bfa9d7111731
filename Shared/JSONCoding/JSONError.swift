/// Why a body could not be read: always the client's doing, always safe to show.
public struct JSONError: InputError, Equatable {
    /// The member, as a path (`model.temperature`, `skills[2]`); nil when it is the body as a whole.
    public let field: String?
    /// `title: required`, `skills[2]: must be a string`, `body: malformed JSON at byte 12`.
    public let message: String

    /// `"<field>: <problem>"`, or `"body: <problem>"` without a field.
    public init(field: String?, _ problem: String) {
        self.field = field
        message = "\(field ?? "body"): \(problem)"
    }

    static func malformed(at position: Int) -> JSONError { JSONError(field: nil, "malformed JSON at byte \(position)") }

    init(_ failure: JSONFailure, in tape: JSONTape) {
        var path = tape.path(to: failure.token)
        if let member = failure.member { path.append(.member(member)) }
        self.init(field: JSONError.field(of: path), failure.problem.text)
    }

    /// An error of a type's own `init(from:)`. Its description is shown when it speaks to the client: when it begins with `must
    /// `.
    init(_ error: DecodingError) {
        var (path, problem): ([any CodingKey], String)
        switch error {
        case .keyNotFound(let key, let context): (path, problem) = (context.codingPath + [key], "required")
        case .valueNotFound(_, let context): (path, problem) = (context.codingPath, "must not be null")
        case .typeMismatch(_, let context), .dataCorrupted(let context):
            (path, problem) = (context.codingPath, context.debugDescription)
        @unknown default: (path, problem) = ([], "")
        }
        if !problem.hasPrefix("must "), problem != "required" { problem = "is not valid" }
        self.init(
            field: JSONError.field(of: path.map { key in key.intValue.map { .item($0) } ?? .member(key.stringValue) }), problem)
    }

    private static func field(of path: [JSONPathPart]) -> String? {
        var text = ""
        for part in path {
            switch part {
            case .member(let name):
                if !text.isEmpty { text += "." }
                // A name may be the client's own invention: enough of it to be recognised, and on one line.
                text += String(String.UnicodeScalarView(name.unicodeScalars.prefix(64).map { $0.value < 0x20 ? " " : $0 }))
            case .item(let index): text += "[\(index)]"
            }
        }
        return path.isEmpty ? nil : text
    }
}

/// A step from a value to one inside it.
enum JSONPathPart {
    case member(String)
    case item(Int)
}

/// An error on its way up, cheap to make and to throw away: types with several shapes try one after another.
struct JSONFailure: Error {
    enum Problem {
        case required
        case null
        case expected(StaticString)
        case notOneOf([String])
        case outOfRange(String)

        var text: String {
            switch self {
            case .required: "required"
            case .null: "must not be null"
            case .expected(let what): "must be \(what)"
            case .notOneOf(let words): "must be one of \(words.joined(separator: ", "))"
            case .outOfRange(let range): "must be \(range)"
            }
        }
    }

    /// The value that was wrong, or that lacks `member`.
    let token: Int
    let member: String?
    let problem: Problem

    init(_ token: Int, _ problem: Problem, member: String? = nil) {
        self.token = token
        self.member = member
        self.problem = problem
    }
}
