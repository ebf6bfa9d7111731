import HTTP
import Models

/// One line of a log's file: `<seq> <attempt> <n> <mark> <the line's JSON>\n`.
///
/// `n` is the reporter's own number of the attempt's last line so far, so that after a restart the last record alone tells what
/// comes next. The JSON is what clients get, byte for byte.
struct LogRecord {
    /// Whether lines are still taken.
    enum Mark: UInt8 {
        case open = 0x2D  // -
        /// The log is full; this is its last line but for those that the service itself writes.
        case full = 0x21  // !
    }

    var seq: Int64
    var attempt: Int
    var n: Int64
    var mark: Mark
    /// Where the JSON begins in the record.
    let jsonStart: Int

    /// Appends a record, without its line end.
    /// - Returns: the JSON's bytes.
    static func append(
        _ line: LogLine, attempt: Int, n: Int64, mark: Mark, to bytes: inout [UInt8]
    ) throws -> ArraySlice<UInt8> {
        bytes.append(contentsOf: "\(line.seq) \(attempt) \(n) ".utf8)
        bytes.append(mark.rawValue)
        bytes.append(32)
        let start = bytes.count
        try JSON.encode(line, into: &bytes)
        return bytes[start...]
    }

    /// Reads a record's head; nil when `record` (without its line end) is none.
    init?(_ record: some RandomAccessCollection<UInt8>) {
        var numbers: [Int64] = []
        var index = record.startIndex
        while numbers.count < 3 {
            var value: Int64 = 0
            var digits = 0
            while index < record.endIndex, (48...57).contains(record[index]), digits < 18 {
                value = value * 10 + Int64(record[index] - 48)
                digits += 1
                index = record.index(after: index)
            }
            guard digits > 0, index < record.endIndex, record[index] == 32 else { return nil }
            index = record.index(after: index)
            numbers.append(value)
        }
        guard index < record.endIndex, let mark = Mark(rawValue: record[index]) else { return nil }
        index = record.index(after: index)
        guard index < record.endIndex, record[index] == 32 else { return nil }
        index = record.index(after: index)
        guard index < record.endIndex, record[index] == UInt8(ascii: "{"), record.last == UInt8(ascii: "}") else { return nil }
        seq = numbers[0]
        attempt = Int(numbers[1])
        n = numbers[2]
        self.mark = mark
        jsonStart = record.distance(from: record.startIndex, to: index)
    }
}
