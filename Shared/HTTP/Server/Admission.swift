import Synchronization

/// What a server has taken on, over all its loops: connections, each address's among them, and the memory that is held for slow
/// peers.
final class Admission: Sendable {
    enum Verdict {
        case admitted
        case full
        case addressFull

        /// What a connection that is not admitted is told.
        var error: HTTPError? {
            switch self {
            case .admitted: nil
            case .full: HTTPError(.unavailable, "too many connections", closes: true)
            case .addressFull: HTTPError(.tooManyRequests, "too many connections from this address", closes: true)
            }
        }
    }

    private let limits: HTTPLimits
    /// Whose connections are not counted for their address: proxies, which speak for many.
    private let exempt: [AddressRange]
    private let count = Atomic<Int>(0)
    private let held = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)
    /// Only when there is a limit for it.
    private let perAddress = Mutex<[IPAddress: Int]>([:])

    init(_ limits: HTTPLimits, exempt: [AddressRange]) {
        self.limits = limits
        self.exempt = exempt
    }

    var connections: Int { count.load(ordering: .relaxed) }
    /// Bytes held for slow peers.
    var heldBytes: Int { held.load(ordering: .relaxed) }
    /// Connections that were not let in.
    var refusals: Int { refused.load(ordering: .relaxed) }

    /// How many connections there are too many before those that are idle are closed early: from seven eighths of the limit on.
    var excess: Int { connections - (limits.connectionsMax - limits.connectionsMax / 8) }

    /// Counts a connection, if it may be.
    func admit(_ peer: Peer) -> Verdict {
        guard count.wrappingAdd(1, ordering: .relaxed).oldValue < limits.connectionsMax else {
            count.wrappingSubtract(1, ordering: .relaxed)
            refused.wrappingAdd(1, ordering: .relaxed)
            return .full
        }
        guard let address = countedAddress(of: peer) else { return .admitted }
        let isWithin = perAddress.withLock { counts in
            guard counts[address, default: 0] < limits.connectionsPerAddressMax else { return false }
            counts[address, default: 0] += 1
            return true
        }
        if isWithin { return .admitted }
        count.wrappingSubtract(1, ordering: .relaxed)
        refused.wrappingAdd(1, ordering: .relaxed)
        return .addressFull
    }

    /// Takes back a connection that was admitted.
    func ended(_ peer: Peer) {
        count.wrappingSubtract(1, ordering: .relaxed)
        guard let address = countedAddress(of: peer) else { return }
        perAddress.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }

    /// Holds some bytes. False when that is more than may be held; they are held all the same, until they are let go.
    func hold(_ bytes: Int) -> Bool { held.wrappingAdd(bytes, ordering: .relaxed).newValue <= limits.heldBytesMax }

    func letGo(_ bytes: Int) { held.wrappingSubtract(bytes, ordering: .relaxed) }

    private func countedAddress(of peer: Peer) -> IPAddress? {
        guard limits.connectionsPerAddressMax > 0, let address = peer.ipAddress else { return nil }
        return exempt.contains { $0.contains(address) } ? nil : address.client
    }
}
