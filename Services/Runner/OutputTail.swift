/// The last of what an agent printed, within a bound.
struct OutputTail: Sendable {
    private var lines: [String] = []
    private var bytes = 0
    private var start = 0
    private let bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    mutating func add(_ line: String) {
        lines.append(line)
        bytes += line.utf8.count + 1
        while bytes > bytesMax, start < lines.count - 1 {
            bytes -= lines[start].utf8.count + 1
            start += 1
        }
        if start > 1024, start > lines.count / 2 {
            lines.removeFirst(start)
            start = 0
        }
    }

    var text: String {
        lines[start...].map { $0 + "\n" }.joined()
    }

    /// The last line that is not blank.
    var lastLine: String? {
        lines[start...].last { !$0.allSatisfy(\.isWhitespace) }
    }
}
