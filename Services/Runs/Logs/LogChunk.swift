/// Some lines that follow each other, encoded once for everybody who watches: as lines of JSON, and as server-sent events.
struct LogChunk: Sendable {
    /// The sequence number of the first line.
    let first: Int64
    private(set) var json: [UInt8] = []
    private(set) var events: [UInt8] = []
    /// Where each line ends in `json` and in `events`.
    private var ends: [(json: Int, events: Int)] = []

    init(first: Int64) { self.first = first }

    var count: Int { ends.count }
    /// The sequence number of the last line; one less than `first` when there is none.
    var last: Int64 { first + Int64(ends.count) - 1 }
    var bytes: Int { json.count + events.count }

    /// Appends the line that follows.
    mutating func append(json line: some Collection<UInt8>) {
        events.append(contentsOf: "id: \(first + Int64(count))\nevent: log\ndata: ".utf8)
        // JSON has no line ends of its own: they are escaped in strings, and the encoder writes none between.
        events.append(contentsOf: line)
        events.append(10)
        events.append(10)
        json.append(contentsOf: line)
        json.append(10)
        ends.append((json.count, events.count))
    }

    /// Appends the lines of the chunk that follows.
    mutating func append(_ next: LogChunk) {
        let (jsonStart, eventsStart) = (json.count, events.count)
        json += next.json
        events += next.events
        ends += next.ends.map { ($0.json + jsonStart, $0.events + eventsStart) }
    }

    /// The lines after `seq`, as lines of JSON: the very same bytes when that is all of them.
    func jsonLines(after seq: Int64) -> [UInt8] {
        guard seq >= first else { return json }
        return Array(json[ends[Int(seq - first)].json...])
    }

    /// The lines after `seq`, as events.
    func eventStream(after seq: Int64) -> [UInt8] {
        guard seq >= first else { return events }
        return Array(events[ends[Int(seq - first)].events...])
    }
}
