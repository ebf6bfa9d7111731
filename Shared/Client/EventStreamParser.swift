/// An event of a `text/event-stream`.
public struct ReceivedEvent: Sendable, Hashable {
    /// The last id seen so far, on this event or before it.
    public var id: String
    /// `message` when the event names none.
    public var event: String
    public var data: String
}

/// Reads server-sent events from the pieces of a stream (HTML Living Standard, *Server-sent events*, §9.2.6).
public struct EventStreamParser: Sendable {
    /// A longer line, or more data in one event, ends the reading: the peer is not an event stream.
    public static let eventBytesMax = 16 * 1024 * 1024

    public struct TooLong: Error, Sendable {}

    /// To be sent as `Last-Event-ID` when connecting again.
    public private(set) var lastID = ""
    /// How long the peer wants to be left alone before that.
    public private(set) var retryMilliseconds: Int?
    private var line: [UInt8] = []
    private var event = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var lastWasReturn = false
    private var isFirstLine = true

    public init() {}

    /// The events that `bytes` complete.
    /// - Throws: `TooLong`.
    public mutating func add(_ bytes: [UInt8]) throws(TooLong) -> [ReceivedEvent] {
        var events: [ReceivedEvent] = []
        for byte in bytes {
            let isReturn = byte == UInt8(ascii: "\r")
            if byte == UInt8(ascii: "\n"), lastWasReturn {
                lastWasReturn = false
            } else if isReturn || byte == UInt8(ascii: "\n") {
                lastWasReturn = isReturn
                if let event = endLine() { events.append(event) }
            } else {
                lastWasReturn = false
                line.append(byte)
            }
            if line.count + data.count > EventStreamParser.eventBytesMax { throw TooLong() }
        }
        return events
    }

    private mutating func endLine() -> ReceivedEvent? {
        var bytes = line[...]
        if isFirstLine, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        isFirstLine = false
        defer { line.removeAll(keepingCapacity: true) }
        if bytes.isEmpty { return dispatch() }
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        var value = bytes[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        switch String(decoding: bytes[..<colon], as: UTF8.self) {
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            data += value
            hasData = true
        case "event": event = String(decoding: value, as: UTF8.self)
        case "id" where !value.contains(0): lastID = String(decoding: value, as: UTF8.self)
        case "retry": retryMilliseconds = Int(String(decoding: value, as: UTF8.self)) ?? retryMilliseconds
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> ReceivedEvent? {
        defer {
            event = ""
            data.removeAll(keepingCapacity: true)
            hasData = false
        }
        guard hasData else { return nil }
        return ReceivedEvent(id: lastID, event: event.isEmpty ? "message" : event, data: String(decoding: data, as: UTF8.self))
    }
}
