/// Where the runner keeps what it fetches from a URL (`Services/Runner/Repository.swift` makes these folders).
enum RepositoryMirror {
    /// A folder's name for a URL: readable, and never the same for two.
    static func name(of url: String) -> String {
        let plain = withoutCredentials(url)
        // FNV-1a, 64 bits: tells apart what reads alike once it is a file's name.
        let hash = plain.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let readable = plain.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" }
        return "\(String(readable.suffix(60)))-\(String(hash, radix: 16)).git"
    }

    /// `https://user:secret@host/x` → `https://host/x`.
    private static func withoutCredentials(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" && !$0.isWhitespace }
        guard let at = host.firstIndex(of: "@") else { return url }
        return String(url[..<scheme.upperBound]) + rest[rest.index(after: at)...]
    }
}
