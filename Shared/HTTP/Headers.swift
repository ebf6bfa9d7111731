/// A header section: one byte buffer and a flat array of ranges into it, in the order received (RFC 9110 §5.3).
///
/// Two allocations whatever the number of fields; a proxy copies the ranges that it keeps and builds no strings.
/// Names compare case-insensitively; lookups take names in lower case.
public struct Headers: Sendable {
    /// Where a field's name and value lie in `bytes`.
    public struct Field: Sendable {
        public let nameStart: Int32
        public let nameEnd: Int32
        public let valueStart: Int32
        public let valueEnd: Int32

        public init(name: Range<Int>, value: Range<Int>) {
            nameStart = Int32(truncatingIfNeeded: name.lowerBound)
            nameEnd = Int32(truncatingIfNeeded: name.upperBound)
            valueStart = Int32(truncatingIfNeeded: value.lowerBound)
            valueEnd = Int32(truncatingIfNeeded: value.upperBound)
        }

        public var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        public var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    public private(set) var bytes: [UInt8]
    public private(set) var fields: [Field]

    /// No fields.
    public init() {
        bytes = []
        fields = []
    }

    /// A parsed section: `fields` are ranges into `bytes`, which may hold other bytes too (a whole head).
    public init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    public var isEmpty: Bool { fields.isEmpty }

    /// The value of the first field called `name` (lower case), or nil.
    public subscript(_ name: StaticString) -> String? {
        guard let value = value(name) else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    /// The bytes of the first field called `name` (lower case), or nil.
    public func value(_ name: StaticString) -> ArraySlice<UInt8>? {
        for field in fields where matches(field, name) { return bytes[field.value] }
        return nil
    }

    /// How many fields are called `name` (lower case).
    public func count(_ name: StaticString) -> Int {
        fields.reduce(0) { $0 + (matches($1, name) ? 1 : 0) }
    }

    /// The value of the first field called `name`, in any case, or nil.
    public func first(named name: String) -> String? {
        let wanted = Array(name.utf8)
        for field in fields where Headers.equalIgnoringCase(bytes[field.name], wanted[...]) {
            return String(decoding: bytes[field.value], as: UTF8.self)
        }
        return nil
    }

    /// Whether a comma-separated field called `name` lists `token` (both lower case), in any of its lines.
    public func contains(_ name: StaticString, token: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: token.utf8Start, count: token.utf8CodeUnitCount)
        for field in fields where matches(field, name) {
            for part in bytes[field.value].split(separator: UInt8(ascii: ",")) {
                let word = Headers.trimmed(part)
                if word.count == wanted.count, zip(word, wanted).allSatisfy({ Headers.lower($0) == $1 }) { return true }
            }
        }
        return false
    }

    /// Appends a field. No control character gets into it: each is replaced by a space (RFC 9110 §5.5).
    public mutating func add(_ name: String, _ value: String) {
        var name = name
        var value = value
        name.withUTF8 { name in value.withUTF8 { append(name, $0) } }
    }

    /// Appends a field without making a string of its name.
    public mutating func add(_ name: StaticString, _ value: some Collection<UInt8>) {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        if value.withContiguousStorageIfAvailable({ append(name, $0) }) == nil {
            Array(value).withUnsafeBufferPointer { append(name, $0) }
        }
    }

    /// Appends a field whose value `write` appends. The caller vouches for it: no CR, LF or NUL is in it.
    public mutating func add(_ name: StaticString, _ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        let valueStart = bytes.count
        write(&bytes)
        fields.append(Field(name: start..<valueStart, value: valueStart..<bytes.count))
    }

    /// Replaces all fields called `name` by one.
    public mutating func set(_ name: StaticString, _ value: String) {
        remove(name)
        add(name, value.utf8)
    }

    /// Drops all fields called `name` (lower case).
    public mutating func remove(_ name: StaticString) {
        let kept = fields.filter { !matches($0, name) }
        if kept.count != fields.count { fields = kept }
    }

    /// Whether `field` is called `name` (lower case).
    public func matches(_ field: Field, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard Int(field.nameEnd - field.nameStart) == count else { return false }
        let start = Int(field.nameStart)
        let wanted = name.utf8Start
        return bytes.withUnsafeBufferPointer { bytes in
            for index in 0..<count where Headers.lower(bytes[start + index]) != wanted[index] { return false }
            return true
        }
    }

    private mutating func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: name)
        let valueStart = bytes.count
        bytes.append(contentsOf: value)
        let end = bytes.count
        for index in start..<end where !Characters.isFieldValue(bytes[index]) { bytes[index] = Characters.space }
        fields.append(Field(name: start..<valueStart, value: valueStart..<end))
    }

    @inline(__always) static func lower(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }

    static func equalIgnoringCase(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { lower($0) == lower($1) }
    }

    /// `bytes` without leading and trailing spaces and tabs (OWS, RFC 9110 §5.6.3).
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = bytes
        while let first = slice.first, first == 32 || first == 9 { slice.removeFirst() }
        while let last = slice.last, last == 32 || last == 9 { slice.removeLast() }
        return slice
    }
}

extension Headers {
    /// The same section without the fields called by any of `names` (lower case); the bytes are shared, not copied.
    public func without(_ names: [StaticString]) -> Headers {
        Headers(bytes: bytes, fields: fields.filter { field in !names.contains { matches(field, $0) } })
    }
}
