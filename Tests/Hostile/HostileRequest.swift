import FoundationEssentials

/// One entry of `requests.txt`: the bytes, and what they must get.
public struct HostileRequest: Sendable, CustomStringConvertible {
    /// A status, and whether the connection ends with it.
    public struct Answer: Sendable, Equatable {
        public let status: UInt16
        public let closes: Bool
    }

    /// A request that whoever answers gets to see.
    public struct Seen: Sendable, Equatable, CustomStringConvertible {
        public let method: String
        public let target: String
        public let content: [UInt8]

        public init(method: String, target: String, content: [UInt8] = []) {
            self.method = method
            self.target = target
            self.content = content
        }

        public var description: String { "\(method) \(target) \(String(decoding: content, as: UTF8.self))" }
    }

    public let name: String
    /// The section that says so.
    public let rule: String
    /// The answer of a server.
    public let answer: Answer
    /// The answer of the gateway to the same bytes.
    public let gatewayAnswer: Answer
    /// The requests in the bytes, in order.
    public private(set) var seen: [Seen] = []
    /// Fields that an upstream must receive, `name: value`.
    public private(set) var keptFields: [String] = []
    /// Names of fields that an upstream must not receive.
    public private(set) var droppedFields: [String] = []
    private var wire: [UInt8] = []

    public var description: String { name }

    /// Parsing alone finds it out: no handler is needed to refuse it.
    public var isRefused: Bool { answer.status >= 400 && answer.closes }

    /// The bytes, with a credential where one belongs.
    public func bytes(token: String = "none") -> [UInt8] {
        wire.replacing(Array("$TOKEN".utf8), with: Array(token.utf8))
    }

    /// All entries.
    /// - Throws: when the file cannot be read, or a line of it not understood.
    public static func all() throws -> [HostileRequest] {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let text = try String(contentsOfFile: "/\(folder)/requests.txt", encoding: .utf8)
        var entries: [HostileRequest] = []
        for (number, line) in zip(1..., text.split(separator: "\n", omittingEmptySubsequences: false)) {
            if line.isEmpty || line.hasPrefix("#") { continue }
            let rest = line.dropFirst(line.dropFirst().first == " " ? 2 : 1)
            if line.hasPrefix("=") {
                entries.append(try HostileRequest(rest.components(separatedBy: " | "), line: number))
            } else {
                guard !entries.isEmpty else { throw Malformed(line: number) }
                try entries[entries.count - 1].take(line.first, rest, line: number)
            }
        }
        return entries
    }

    /// A line of the file that says nothing.
    struct Malformed: Error {
        let line: Int
    }

    private init(_ parts: [String], line: Int) throws {
        guard parts.count == 3 || parts.count == 4 else { throw Malformed(line: line) }
        name = parts[0]
        rule = parts[1]
        answer = try HostileRequest.answer(parts[2], line)
        gatewayAnswer = try parts.count == 4 ? HostileRequest.answer(parts[3], line) : answer
    }

    private static func answer(_ text: String, _ line: Int) throws -> Answer {
        let words = text.split(separator: " ")
        guard let status = words.first.flatMap({ UInt16($0) }), words.count == 1 || words.dropFirst() == ["close"] else {
            throw Malformed(line: line)
        }
        return Answer(status: status, closes: words.count == 2)
    }

    private mutating func take(_ mark: Character?, _ rest: Substring, line: Int) throws {
        switch mark {
        case ">":
            let isWhole = !rest.hasSuffix("\\") || rest.hasSuffix("\\\\")
            wire += try Escapes.bytes(isWhole ? rest : rest.dropLast(), line: line)
            if isWhole { wire += [13, 10] }
        case "<":
            let words = rest.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard words.count >= 2 else { throw Malformed(line: line) }
            let target = String(decoding: try Escapes.bytes(words[1], line: line), as: UTF8.self)
            let content = try words.count == 3 ? Escapes.bytes(words[2], line: line) : []
            seen.append(Seen(method: String(words[0]), target: target, content: content))
        case "+": keptFields.append(String(decoding: try Escapes.bytes(rest, line: line), as: UTF8.self))
        case "-": droppedFields.append(String(rest))
        default: throw Malformed(line: line)
        }
    }
}

/// The escapes of `requests.txt`.
enum Escapes {
    static func bytes(_ text: Substring, line: Int) throws -> [UInt8] {
        var rest = text.utf8[...]
        return try bytes(&rest, upToBrace: false, line)
    }

    private static func bytes(_ rest: inout Substring.UTF8View, upToBrace: Bool, _ line: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if upToBrace, byte == UInt8(ascii: "}") { return bytes }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "0"): bytes.append(0)
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                    throw HostileRequest.Malformed(line: line)
                }
                rest = rest.dropFirst(2)
                bytes.append(value)
            case UInt8(ascii: "{"): bytes += try repeated(&rest, line)
            default: throw HostileRequest.Malformed(line: line)
            }
        }
        if upToBrace { throw HostileRequest.Malformed(line: line) }
        return bytes
    }

    /// `600*a}`, after its brace.
    private static func repeated(_ rest: inout Substring.UTF8View, _ line: Int) throws -> [UInt8] {
        let digits = rest.prefix { $0 != UInt8(ascii: "*") }
        guard let count = Int(String(decoding: digits, as: UTF8.self)) else { throw HostileRequest.Malformed(line: line) }
        rest = rest.dropFirst(digits.count + 1)
        let piece = try bytes(&rest, upToBrace: true, line)
        return (0..<count).flatMap { _ in piece }
    }
}
