/// A JSON value kept as the text that it came in: for what is passed on, or read later and perhaps not at all.
///
/// Only `JSON.decode` and `JSON.encode` know it: they copy the bytes.
public struct RawJSON: Codable, Sendable, Hashable {
    /// One well-formed value in UTF-8, without space around it.
    public let bytes: [UInt8]

    public static let null = RawJSON(unchecked: Array("null".utf8))

    /// - Parameter bytes: known to be one well-formed value.
    public init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// The encoding of a value.
    /// - Throws: as `JSON.encode`.
    public init(encoding value: some Encodable) throws { bytes = try JSON.encode(value) }

    /// Reads the value.
    /// - Throws: as `JSON.decode`.
    public func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try JSON.decode(type, from: bytes) }

    /// - Throws: always: another decoder has no text to give.
    public init(from decoder: any Decoder) throws {
        throw DecodingError.dataCorrupted(
            .init(codingPath: decoder.codingPath, debugDescription: "raw JSON is read by JSON.decode alone"))
    }

    /// Writes the value as a tree, for encoders that take no text.
    public func encode(to encoder: any Encoder) throws { try JSONTree(parsing: bytes).encode(to: encoder) }
}
