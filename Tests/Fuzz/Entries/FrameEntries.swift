import HTTP

/// WebSocket frames as a client sends them.
enum FrameEntries {
    static func frames(_ bytes: [UInt8]) throws {
        let whole = read([bytes[...]])
        let cut = read(Cuts.pieces(bytes))
        try Finding.unless(whole == cut, "cut they are other messages: \(whole) \(cut)")
        for case .text(let text) in whole.events {
            try Finding.unless(String(validating: text, as: UTF8.self) != nil, "text that is not UTF-8: \(text)")
        }
        for case .ping(let payload) in whole.events {
            try Finding.unless(payload.count <= WebSocketFrame.controlBytesMax, "a long ping: \(payload)")
        }
    }

    private struct Frames: Equatable {
        var events: [WebSocketParser.Event] = []
        var error: String?
        var pending = 0
    }

    private static func read(_ pieces: [ArraySlice<UInt8>]) -> Frames {
        var limits = WebSocketLimits()
        limits.frameBytesMax = 1024
        limits.messageBytesMax = 2048
        var parser = WebSocketParser(limits: limits)
        var frames = Frames()
        for piece in pieces {
            let piece = Array(piece)
            var cursor = 0
            do {
                while let event = try parser.next(in: piece.span.bytes, from: &cursor) { frames.events.append(event) }
                frames.pending += piece.count - cursor
            } catch {
                frames.error = "\(error)"
                return frames
            }
        }
        return frames
    }
}
