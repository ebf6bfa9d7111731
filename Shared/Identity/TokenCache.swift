internal import COpenSSL
import Glibc
import Models
import Synchronization

/// What a cache of credentials is keyed by: it says which shard it belongs to.
protocol ShardedKey: Hashable, Sendable {
    var shardHint: Int { get }
}

/// The bytes of a token. Looking one up copies nothing; a stored one is a copy of its own, not a slice that keeps a whole head
/// alive.
///
/// The end of a token is its signature or its randomness: only that is hashed, which tells valid tokens apart, and no other is
/// ever stored. It is compared first and in constant time; who knows it has nothing to learn from how long comparing the rest
/// takes.
struct TokenKey: ShardedKey {
    let bytes: ArraySlice<UInt8>

    private static let tailBytes = 32

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var copied: TokenKey { TokenKey(ArraySlice(Array(bytes))) }

    var shardHint: Int { bytes.suffix(4).reduce(0) { $0 &* 31 &+ Int($1) } }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0.suffix(TokenKey.tailBytes))) }
    }

    static func == (left: TokenKey, right: TokenKey) -> Bool {
        guard left.bytes.count == right.bytes.count else { return false }
        return left.bytes.withUnsafeBytes { left in
            right.bytes.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return true }
                let head = max(0, left.count - tailBytes)
                guard CRYPTO_memcmp(first + head, second + head, left.count - head) == 0 else { return false }
                return memcmp(first, second, head) == 0
            }
        }
    }
}

/// A bounded map from credentials that were found good to what they stand for: sharded, so that loops seldom meet at a lock, and
/// each lock is held for one dictionary access.
///
/// A shard has two generations. When the young one is full it becomes the old one, and what the old one held is forgotten; what
/// is used moves back to the young. So the cache never holds more than it may, keeps what is used, and no operation walks it.
final class TokenCache<Key: ShardedKey, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let expires: Timestamp
    }

    private final class Shard: Sendable {
        struct State {
            var young: [Key: Entry] = [:]
            var old: [Key: Entry] = [:]
        }

        let state = Mutex(State())
    }

    private let shards: [Shard]
    private let generationMax: Int
    private let epoch = Atomic<UInt64>(0)

    /// - Parameter entriesMax: how many credentials it holds at most.
    init(entriesMax: Int, shards count: Int = 16) {
        shards = (0..<count).map { _ in Shard() }
        generationMax = max(1, entriesMax / count / 2)
    }

    /// Changes with every removal. Taken before a look-up whose result is to be inserted, so that what was revoked meanwhile is
    /// not.
    var currentEpoch: UInt64 { epoch.load(ordering: .acquiring) }

    func value(for key: Key, now: Timestamp) -> Value? {
        shard(key).state.withLock { state in
            if let entry = state.young[key] { return entry.expires > now ? entry.value : nil }
            guard let entry = state.old[key], entry.expires > now else { return nil }
            insert(entry, for: key, into: &state)
            return entry.value
        }
    }

    /// Stores `value` until `expires`, unless something was removed since `epoch` was read.
    func insert(_ value: Value, for key: Key, expires: Timestamp, epoch: UInt64? = nil) {
        shard(key).state.withLock { state in
            if let epoch, epoch != currentEpoch { return }
            insert(Entry(value: value, expires: expires), for: key, into: &state)
        }
    }

    /// Forgets every entry whose value is such.
    func removeAll(where matches: (Value) -> Bool) {
        epoch.add(1, ordering: .acquiringAndReleasing)
        for shard in shards {
            shard.state.withLock { state in
                state.young = state.young.filter { !matches($0.value.value) }
                state.old = state.old.filter { !matches($0.value.value) }
            }
        }
    }

    var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.young.count + $0.old.count } } }

    private func shard(_ key: Key) -> Shard { shards[Int(UInt(bitPattern: key.shardHint) % UInt(shards.count))] }

    private func insert(_ entry: Entry, for key: Key, into state: inout State) {
        if state.young.count >= generationMax, state.young[key] == nil {
            state.old = state.young
            state.young = [:]
        }
        state.old[key] = nil
        state.young[key] = entry
    }

    private typealias State = Shard.State
}
