import JSONCoding
import Models
import Synchronization

/// An entity that a service keeps: the JSON that the API answers is what is stored.
public protocol StoredModel: Codable, Sendable {
    /// Unique in its workspace.
    var id: String { get }
    /// What people call it, for messages: `agent` in "no such agent".
    static var noun: String { get }
}

/// An entity as it is stored: its JSON, ready to be sent, and what says which state of it this is.
public struct Stored<Model: StoredModel>: Sendable {
    public let workspace: String
    public let id: String
    /// The entity's JSON, in UTF-8.
    public let bytes: [UInt8]
    /// Greater after every change, and never used twice, also when the entity was deleted and made anew.
    public let version: Int64
    public let updatedAt: Timestamp

    /// Decodes the entity.
    public func model() throws -> Model { try DocumentCoding.decode(Model.self, from: bytes) }

    /// A strong entity tag with its quotes (RFC 9110 §8.8.3).
    public var etag: String { "\"\(String(version, radix: 36))\"" }
}

/// An entity that was encoded before its write began, so that the one writer's thread does not spend its time on JSON.
public struct EncodedModel<Model: StoredModel>: Sendable {
    public let model: Model
    public let bytes: [UInt8]

    public init(_ model: Model) throws {
        self.model = model
        bytes = try DocumentCoding.encode(model)
    }
}

/// How entities become bytes and back.
public enum DocumentCoding {
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        do {
            return try JSON.encode(value)
        } catch {
            throw ServiceError.internal("encoding \(type(of: value)): \(error)")
        }
    }

    /// - Throws: `ServiceError` internal: what is stored is expected to be readable.
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        do {
            return try JSON.decode(type, from: bytes)
        } catch {
            throw ServiceError.internal("decoding a stored \(type): \(error)")
        }
    }
}

/// Versions of entities: microseconds of the wall clock, or one more than the last when that has not moved on. So they rise
/// over a deletion, a restart, and (short of a clock set back to the very microsecond) every other change.
enum DocumentVersion {
    private static let last = Atomic<Int64>(0)

    static func next(after previous: Int64 = 0) -> Int64 {
        let now = wallClockMicroseconds()
        var seen = last.load(ordering: .relaxed)
        while true {
            let candidate = max(now, seen + 1, previous + 1)
            let (exchanged, original) = last.compareExchange(expected: seen, desired: candidate, ordering: .relaxed)
            if exchanged { return candidate }
            seen = original
        }
    }
}
