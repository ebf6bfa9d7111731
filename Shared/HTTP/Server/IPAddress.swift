import Glibc

/// A numeric IPv4 or IPv6 address; an IPv4 one is kept in its IPv6 form (RFC 4291 §2.5.5.2), so that both ways of writing it are
/// equal.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Returns: nil for what is no numeric address. A zone (`%eth0`) is no part of one here.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count < Int(INET6_ADDRSTRLEN) else { return nil }
        let text = String(text)
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: four.s_addr)))
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        self = withUnsafeBytes(of: &six) {
            IPAddress(
                high: UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    var isVersion4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// As it is written, IPv4 addresses with their dots.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        var four = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
        var six = (high.bigEndian, low.bigEndian)
        let written =
            isVersion4
            ? inet_ntop(AF_INET, &four, &text, socklen_t(text.count)) : inet_ntop(AF_INET6, &six, &text, socklen_t(text.count))
        guard written != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What one client has to itself: an IPv4 address, or the /64 of an IPv6 one, in which it chooses its addresses freely (RFC
    /// 8981).
    public var client: IPAddress { isVersion4 ? self : IPAddress(high: high, low: 0) }
}

extension Peer {
    /// The numeric address of a TCP peer; nil for others.
    public var ipAddress: IPAddress? { if case .tcp(let address, _) = self { IPAddress(address) } else { nil } }
}

/// Addresses that share their first bits: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
public struct AddressRange: Sendable, Hashable {
    private let base: IPAddress
    private let bits: Int

    /// - Returns: nil for what is neither an address nor a CIDR block (RFC 4632 §3.1).
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let base = IPAddress(first) else { return nil }
        let whole = base.isVersion4 ? 32 : 128
        var bits = whole
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let given = Int(parts[1]), given <= whole else {
                return nil
            }
            bits = given
        }
        self.bits = bits + 128 - whole
        self.base = AddressRange.masked(base, self.bits)
    }

    public func contains(_ address: IPAddress) -> Bool { AddressRange.masked(address, bits) == base }

    private static func masked(_ address: IPAddress, _ bits: Int) -> IPAddress {
        IPAddress(
            high: address.high & ~(bits >= 64 ? 0 : ~0 >> UInt64(bits)),
            low: address.low & ~(bits >= 128 ? 0 : ~0 >> UInt64(max(0, bits - 64))))
    }
}
