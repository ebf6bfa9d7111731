import Glibc

/// Finds the lines of a head as its bytes come in; no byte is searched twice.
struct LineScanner {
    /// Where the current line starts.
    private(set) var lineStart = 0
    private var searched = 0

    /// The next line without its CR LF, or nil when it is not complete.
    /// - Parameters:
    ///   - bytes: the same bytes as in the calls before, and what came since.
    ///   - limit: nothing is looked for past this many bytes.
    /// - Throws: 400 for a line that ends in LF alone (RFC 9112 §2.2 lets a server refuse it; smuggling lives on it).
    mutating func next(in bytes: RawSpan, upTo limit: Int) throws(HTTPError) -> Range<Int>? {
        let limit = min(limit, bytes.byteCount)
        guard let end = LineScanner.lineFeed(in: bytes, from: searched, upTo: limit) else {
            searched = max(searched, limit)
            return nil
        }
        guard end > lineStart, bytes[end - 1] == Characters.carriageReturn else {
            throw HTTPError(.badRequest, "head: a line ends in LF without CR", closes: true)
        }
        let line = lineStart..<(end - 1)
        lineStart = end + 1
        searched = lineStart
        return line
    }

    private static func lineFeed(in bytes: RawSpan, from start: Int, upTo end: Int) -> Int? {
        // The pointers live within the closure only.
        bytes.withUnsafeBytes { bytes in
            guard start < end, let base = bytes.baseAddress,
                let found = memchr(base + start, Int32(Characters.lineFeed), end - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
