/// What is wrong with a query parameter.
public struct QueryError: InputError, Equatable {
    public let field: String?
    public let message: String

    /// `"<field>: <problem>"`.
    public init(_ field: String, _ problem: String) {
        self.field = field
        message = "\(field): \(problem)"
    }

    fileprivate init(whole problem: String) {
        field = nil
        message = "query: \(problem)"
    }
}

/// A query's parameters, in their order; a name may be there more than once.
public struct Query: Sendable {
    /// More than any form has; a query of nothing but `&`s costs nothing.
    public static let parametersMax = 256

    /// The decoded names and values.
    public let items: [(name: String, value: String)]

    /// No parameters.
    public init() { items = [] }

    /// Reads `a=b&c=d`: `+` is a space, escapes are strict, a name without `=` has an empty value.
    /// - Parameter bytes: the query without its `?`, still encoded.
    /// - Throws: `QueryError` for a bad escape, bad UTF-8, a NUL, or more than `parametersMax` parameters.
    public init(_ bytes: ArraySlice<UInt8>) throws {
        var items: [(name: String, value: String)] = []
        for part in bytes.split(separator: UInt8(ascii: "&")) {
            guard items.count < Query.parametersMax else {
                throw QueryError(whole: "more than \(Query.parametersMax) parameters")
            }
            let mark = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let rest = mark == part.endIndex ? part[mark...] : part[(mark + 1)...]
            guard let name = PercentCoding.string(part[..<mark], plusIsSpace: true), !name.utf8.contains(0) else {
                throw QueryError(whole: "a parameter's name is not percent-encoded UTF-8")
            }
            guard let value = PercentCoding.string(rest, plusIsSpace: true), !value.utf8.contains(0) else {
                throw QueryError(name, "must be percent-encoded UTF-8")
            }
            items.append((name, value))
        }
        self.items = items
    }

    public var isEmpty: Bool { items.isEmpty }

    /// The first value of the parameter called `name`, or nil.
    public subscript(_ name: String) -> String? {
        for item in items where item.name == name { return item.value }
        return nil
    }

    /// Every value of the parameter called `name`, in order.
    public func all(_ name: String) -> [String] {
        items.compactMap { $0.name == name ? $0.value : nil }
    }

    /// The values of all parameters called `name`, split at commas: `?status=a,b&status=c` gives three. Empty words are left out.
    public func list(_ name: String) -> [String] {
        all(name).flatMap { $0.split(separator: ",").map(String.init) }
    }

    /// The value of a parameter that must be there and not empty.
    public func required(_ name: String) throws -> String {
        guard let value = self[name], !value.isEmpty else { throw QueryError(name, "required") }
        return value
    }

    /// A whole number within `range`, or nil when the parameter is not there.
    public func integer(_ name: String, in range: ClosedRange<Int> = Int.min...Int.max) throws -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            guard range != Int.min...Int.max else { throw QueryError(name, "must be an integer") }
            throw QueryError(name, "must be an integer between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    /// A finite number, or nil when the parameter is not there.
    public func number(_ name: String) throws -> Double? {
        guard let text = self[name] else { return nil }
        guard let value = Double(text), value.isFinite else { throw QueryError(name, "must be a number") }
        return value
    }

    /// `true` or `1`, `false` or `0`; the bare name is true; nil when the parameter is not there.
    public func bool(_ name: String) throws -> Bool? {
        switch self[name] {
        case nil: return nil
        case "true", "1", "": return true
        case "false", "0": return false
        default: throw QueryError(name, "must be true or false")
        }
    }

    /// One of an enum's words, or nil when the parameter is not there.
    public func word<Word: RawRepresentable & CaseIterable>(_ name: String, as type: Word.Type) throws -> Word?
    where Word.RawValue == String {
        guard let text = self[name] else { return nil }
        return try Query.word(text, of: name, as: type)
    }

    /// Any number of an enum's words, comma-separated or repeated.
    public func words<Word: RawRepresentable & CaseIterable>(_ name: String, as type: Word.Type) throws -> [Word]
    where Word.RawValue == String {
        try list(name).map { try Query.word($0, of: name, as: type) }
    }

    /// A value of any other kind, or nil when the parameter is not there.
    /// - Parameter problem: what is said when `parse` gives nil, e.g. `must be an RFC 3339 timestamp`.
    public func value<Value>(_ name: String, _ problem: String, parse: (String) -> Value?) throws -> Value? {
        guard let text = self[name] else { return nil }
        guard let value = parse(text) else { throw QueryError(name, problem) }
        return value
    }

    private static func word<Word: RawRepresentable & CaseIterable>(_ text: String, of name: String, as type: Word.Type) throws
        -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            throw QueryError(name, "must be one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return word
    }
}
