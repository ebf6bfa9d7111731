import HTTP

/// Whose word is taken for where a request comes from: the proxies that `--trusted-proxies` names.
///
/// From anybody else, `Forwarded` (RFC 7239) and `X-Forwarded-For` are only what a client says of itself.
public struct TrustedProxies: Sendable {
    /// Nobody is trusted.
    public static let none = TrustedProxies()

    /// The proxies' addresses.
    public let ranges: [AddressRange]
    /// Whoever connects to the gateway's Unix socket is a proxy.
    private let trustsUnix: Bool

    private init() {
        ranges = []
        trustsUnix = false
    }

    /// Reads a list such as `10.0.0.0/8,2001:db8::7,unix`.
    /// - Returns: nil when an entry is neither an address, nor a CIDR block, nor `unix`.
    public init?(_ list: String) {
        var ranges: [AddressRange] = []
        var trustsUnix = false
        for entry in list.split(separator: ",") {
            let entry = entry.trimmed
            if entry == "unix" {
                trustsUnix = true
            } else if let range = AddressRange(entry) {
                ranges.append(range)
            } else {
                return nil
            }
        }
        self.ranges = ranges
        self.trustsUnix = trustsUnix
    }

    /// Whom a request's peer speaks for, when it is a trusted proxy; nil otherwise. Of several proxies in a row each is
    /// believed as long as the one after it is trusted.
    func client(of request: Request) -> Peer? {
        guard trusts(request.peer) else { return nil }
        var client = request.peer
        for text in TrustedProxies.forwarded(request.headers).reversed() {
            // What a trusted proxy calls "unknown", or by a name that it made up, ends what is known.
            guard let address = TrustedProxies.address(text), let number = IPAddress(address) else { return client }
            client = .tcp(address: address, port: 0)
            guard ranges.contains(where: { $0.contains(number) }) else { return client }
        }
        return client
    }

    private func trusts(_ peer: Peer) -> Bool {
        switch peer {
        case .unix: return trustsUnix
        case .inProcess: return false
        case .tcp:
            guard !ranges.isEmpty, let address = peer.ipAddress else { return false }
            return ranges.contains { $0.contains(address) }
        }
    }

    /// The nodes that passed the request on, in order; by `Forwarded` when there is one.
    private static func forwarded(_ headers: Headers) -> [Substring] {
        if headers.count("forwarded") > 0 {
            return values(of: "forwarded", headers).flatMap { elements($0, ",") }.map { element in
                for pair in elements(element, ";") {
                    let parts = pair.split(separator: "=", maxSplits: 1)
                    if parts.count == 2, parts[0].trimmed.lowercased() == "for" { return parts[1].trimmed }
                }
                return "unknown"
            }
        }
        return values(of: "x-forwarded-for", headers).flatMap { $0.split(separator: ",").map(\.trimmed) }
    }

    private static func values(of name: StaticString, _ headers: Headers) -> [Substring] {
        headers.fields.filter { headers.matches($0, name) }.map {
            Substring(decoding: headers.bytes[$0.value], as: UTF8.self)
        }
    }

    /// Splits at a separator that is not within quotes.
    private static func elements(_ text: Substring, _ separator: Character) -> [Substring] {
        var isQuoted = false
        return text.split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == separator && !isQuoted
        }
    }

    /// The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `"[2001:db8::1]:80"`.
    private static func address(_ node: Substring) -> String? {
        var node = node
        if node.count >= 2, node.hasPrefix("\""), node.hasSuffix("\"") { node = node.dropFirst().dropLast() }
        if node.hasPrefix("[") { return node.firstIndex(of: "]").map { String(node[node.index(after: node.startIndex)..<$0]) } }
        let colons = node.count { $0 == ":" }
        return String(colons == 1 ? node.prefix { $0 != ":" } : node)
    }
}

extension StringProtocol {
    /// Without spaces and tabs at its ends.
    fileprivate var trimmed: Substring {
        var text = Substring(self)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
