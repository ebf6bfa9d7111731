/// JSON to Codable types and back (RFC 8259), with errors that name the field.
///
/// The bytes are parsed once into a flat list of tokens, and a type's `init(from:)` reads from that list: nothing is copied but
/// the strings that the type keeps. Keys are taken as the types spell them. Of two equal keys the last one counts.
public enum JSON {
    /// Arrays and objects inside each other; deeper input is refused before anything is made of it.
    public static let nestingMax = 64
    /// The first allocation for an output: most answers fit.
    static let outputBytesReserved = 512

    /// Reads a value.
    /// - Throws: `JSONError` when the bytes are not JSON or do not suit `type`; whatever else the type's own `init(from:)`
    ///   throws.
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        let tape = try JSONTape(bytes)
        do {
            return try tape.decode(type, at: 0)
        } catch let failure as JSONFailure {
            throw JSONError(failure, in: tape)
        } catch let error as DecodingError {
            throw JSONError(error)
        }
    }

    /// Writes a value. Slashes are not escaped; members stand in the order in which the type encodes them.
    /// - Throws: `EncodingError` for a number that is not finite; whatever the type's own `encode(to:)` throws.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let sink = JSONSink()
        try sink.encode(value)
        return sink.bytes
    }

    /// Appends the encoding of a value to `bytes`: for lines of NDJSON and pieces of larger texts. Nothing is appended on an
    /// error.
    public static func encode(_ value: some Encodable, into bytes: inout [UInt8]) throws {
        bytes.append(contentsOf: try encode(value))
    }

    /// The JSON string for `text`, quotes included.
    public static func quoted(_ text: String) -> [UInt8] {
        let sink = JSONSink()
        sink.string(text)
        return sink.bytes
    }
}
