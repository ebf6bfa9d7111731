/// Cuts a stream of bytes into lines, whatever the pieces in which it comes.
///
/// A line ends with LF or CR LF. A longer line than the limit is cut, never inside a UTF-8 sequence. What is not UTF-8 is
/// replaced.
public struct LineSplitter: Sendable {
    private var rest: [UInt8] = []
    private let bytesMax: Int

    /// - Parameter bytesMax: the longest line; at least 4, the longest UTF-8 sequence.
    public init(bytesMax: Int) { self.bytesMax = max(4, bytesMax) }

    /// The lines that `bytes` complete.
    public mutating func add(_ bytes: some Collection<UInt8>) -> [String] {
        var lines: [String] = []
        var start = rest.count
        rest.append(contentsOf: bytes)
        var lineStart = 0
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            cut(&lineStart, upTo: end, into: &lines)
            var line = rest[lineStart..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            lines.append(String(decoding: line, as: UTF8.self))
            lineStart = end + 1
            start = lineStart
        }
        cut(&lineStart, upTo: rest.count, into: &lines)
        rest.removeFirst(lineStart)
        return lines
    }

    /// The last line, when it does not end with LF; nil when there is none.
    public mutating func finish() -> String? {
        if rest.isEmpty { return nil }
        defer { rest = [] }
        return String(decoding: rest, as: UTF8.self)
    }

    /// Takes whole limits' worth of bytes from the front of an over-long line.
    private func cut(_ start: inout Int, upTo end: Int, into lines: inout [String]) {
        while end - start > bytesMax {
            var at = start + bytesMax
            // Back to where a sequence starts, at most three bytes: bytes that are no UTF-8 at all are cut anywhere.
            var back = 0
            while back < 3, rest[at] & 0xC0 == 0x80 {
                at -= 1
                back += 1
            }
            if rest[at] & 0xC0 == 0x80 { at = start + bytesMax }
            lines.append(String(decoding: rest[start..<at], as: UTF8.self))
            start = at
        }
    }
}
