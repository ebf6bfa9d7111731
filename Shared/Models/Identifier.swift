import Glibc
import Synchronization

/// Makes ids: a prefix and a ULID in lower case (`task_01j9abc…`): 48 bits of milliseconds and 80 random ones, in Crockford's
/// base 32, so that ids sort by the time they were made.
public enum Identifier {
    static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    /// The characters of a ULID.
    public static let ulidLength = 26

    private static let bits = Mutex(DrawnBits())

    /// The system's random bits, drawn for many ids at once: a system call or two for each would be a good part of what it costs.
    /// Ids are unique, not secret.
    private struct DrawnBits: RandomNumberGenerator {
        /// 256 bytes: the most that the system gives at once (getentropy(3)).
        private static let wordsDrawn = 32
        private var words: [UInt64] = []

        mutating func next() -> UInt64 {
            if words.isEmpty {
                words = Array(repeating: 0, count: DrawnBits.wordsDrawn)
                if words.withUnsafeMutableBytes({ getentropy($0.baseAddress, $0.count) }) != 0 {
                    var system = SystemRandomNumberGenerator()
                    words = words.map { _ in system.next() }
                }
            }
            return words.removeLast()
        }
    }

    /// A new id, e.g. `Identifier.make("task", at: clock.now())`.
    public static func make(_ prefix: String, at time: Timestamp) -> String {
        bits.withLock { make(prefix, at: time, using: &$0) }
    }

    /// A new id from a given source of random bits.
    public static func make(_ prefix: String, at time: Timestamp, using generator: inout some RandomNumberGenerator) -> String {
        var text = Array(prefix.utf8)
        text.reserveCapacity(text.count + 1 + ulidLength)
        text.append(UInt8(ascii: "_"))
        appendULID(to: &text, at: time, using: &generator)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the 26 characters of a ULID.
    public static func appendULID(to text: inout [UInt8], at time: Timestamp, using generator: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(bitPattern: max(0, time.milliseconds))
        for position in 0..<10 { text.append(alphabet[Int(milliseconds >> UInt64(45 - position * 5) & 31)]) }
        let high = generator.next() as UInt64
        let low = generator.next() as UInt64
        for position in 0..<8 { text.append(alphabet[Int(high >> UInt64(position * 5) & 31)]) }
        for position in 0..<8 { text.append(alphabet[Int(low >> UInt64(position * 5) & 31)]) }
    }

    /// An agent's id is made from its slug: `backend-implementer` → `agent_backend_implementer` (seed 002's own example).
    public static func agent(slug: String) -> String {
        "agent_" + String(slug.map { $0 == "-" ? "_" : $0 })
    }
}

/// Slugs: 1–64 of `a–z`, `0–9` and single inner hyphens.
public enum Slug {
    public static let lengthMax = 64

    public static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= lengthMax, bytes.first != 45, bytes.last != 45 else { return false }
        return bytes.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    /// The slug of a name: lower case, every run of anything else one hyphen; nil when nothing is left.
    public static func make(from name: String) -> String? {
        var bytes: [UInt8] = []
        for byte in name.lowercased().utf8 {
            if (97...122).contains(byte) || (48...57).contains(byte) {
                bytes.append(byte)
            } else if bytes.last != 45, !bytes.isEmpty {
                bytes.append(45)
            }
        }
        bytes = Array(bytes.prefix(lengthMax))
        while bytes.last == 45 { bytes.removeLast() }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
