/// The wire form of `text/event-stream` (HTML Living Standard, *Server-sent events*).
public enum ServerSentEvents {
    /// One event. Lines of `data` (ended by LF, CR LF or CR) become `data:` fields of their own, so that no content can end the
    /// event or begin another; line ends and NULs in `event` and `id` become spaces.
    public static func encode(event: String? = nil, id: String? = nil, data: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 48)
        if let id { field("id", id.utf8, &bytes) }
        if let event { field("event", event.utf8, &bytes) }
        var start = data.startIndex
        var index = start
        while true {
            let isEnd = index == data.endIndex
            if isEnd || data[index] == 10 || data[index] == 13 {
                bytes.append(contentsOf: "data: ".utf8)
                bytes.append(contentsOf: data[start..<index])
                bytes.append(10)
                if isEnd { break }
                let next = data.index(after: index)
                index = data[index] == 13 && next < data.endIndex && data[next] == 10 ? data.index(after: next) : next
                start = index
            } else {
                index = data.index(after: index)
            }
        }
        bytes.append(10)
        return bytes
    }

    /// One event whose data is text.
    public static func encode(event: String? = nil, id: String? = nil, data: String) -> [UInt8] {
        encode(event: event, id: id, data: Array(data.utf8))
    }

    /// A comment, which clients pass over: keeps a quiet connection alive.
    public static let keepAlive: [UInt8] = Array(": keep-alive\n\n".utf8)

    /// Tells the client how long to wait before it connects again.
    public static func retry(milliseconds: Int) -> [UInt8] { Array("retry: \(milliseconds)\n\n".utf8) }

    /// A response that `produce` writes events to, until it returns or the client goes.
    public static func response(produce: @escaping @Sendable (any BodyWriter) async throws -> Void) -> Response {
        var headers = Headers()
        headers.add("content-type", "text/event-stream".utf8)
        headers.add("x-content-type-options", "nosniff".utf8)
        headers.add("cache-control", "no-store".utf8)
        // nginx and those who follow it hold back a response otherwise.
        headers.add("x-accel-buffering", "no".utf8)
        return Response(.ok, headers: headers, body: .stream(ResponseStream(isEndless: true, produce: produce)))
    }

    private static func field(_ name: StaticString, _ value: String.UTF8View, _ bytes: inout [UInt8]) {
        // unsafe: a StaticString's bytes are immortal
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(contentsOf: [UInt8(ascii: ":"), 32])
        bytes.append(contentsOf: value.map { $0 == 10 || $0 == 13 || $0 == 0 ? 32 : $0 })
        bytes.append(10)
    }
}
