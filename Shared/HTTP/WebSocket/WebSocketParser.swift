/// Takes apart what a WebSocket client sends (RFC 6455 §5), from bytes as they come. Does no I/O.
///
/// An error is found at the first byte that makes it one, however the bytes are cut: a frame that is not masked, not minimal or
/// too large by its head, text by the byte that is not UTF-8. After an error the connection fails; nothing more is to be parsed.
public struct WebSocketParser: Sendable {
    /// Something whole.
    public enum Event: Sendable, Equatable {
        case text([UInt8])
        case binary([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        /// The code is nil when none was sent (1005).
        case close(WebSocketCloseCode?, reason: String)
    }

    private enum Phase {
        case first, second, length, mask, payload
    }

    private let limits: WebSocketLimits
    private var phase = Phase.first

    private var opcode = WebSocketFrame.Opcode.continuation
    private var isFinal = false
    /// Bytes still to come: of the extended length, of the mask.
    private var fieldBytesLeft = 0
    private var lengthBytes = 0
    private var payloadLeft: UInt64 = 0
    /// The key, its first byte lowest, turned so that this is the one for the next byte.
    private var mask: UInt32 = 0

    /// What the message under way is; nil between messages.
    private var message: WebSocketFrame.Opcode?
    private var content: [UInt8] = []
    private var progress = UTF8Progress()
    private var control: [UInt8] = []

    public init(limits: WebSocketLimits = WebSocketLimits()) { self.limits = limits }

    /// The next message or control frame, from `cursor` on, which moves behind what was used.
    /// - Returns: nil when all is used and more is needed.
    /// - Throws: `WebSocketError`.
    public mutating func next(in bytes: RawSpan, from cursor: inout Int) throws(WebSocketError) -> Event? {
        while true {
            if phase == .payload {
                let count = Int(min(payloadLeft, UInt64(bytes.byteCount - cursor)))
                try take(bytes.extracting(cursor..<(cursor + count)))
                cursor += count
                payloadLeft -= UInt64(count)
                guard payloadLeft == 0 else { return nil }
                phase = .first
                if let event = try endFrame() { return event }
            } else {
                guard cursor < bytes.byteCount else { return nil }
                let byte = bytes[cursor]
                cursor += 1
                try head(byte)
            }
        }
    }

    /// One byte of a frame's head (§5.2).
    private mutating func head(_ byte: UInt8) throws(WebSocketError) {
        switch phase {
        case .first: try first(byte)
        case .second: try second(byte)
        case .length:
            payloadLeft = payloadLeft << 8 | UInt64(byte)
            fieldBytesLeft -= 1
            if fieldBytesLeft == 0 { try endLength() }
        case .mask:
            mask = mask >> 8 | UInt32(byte) << 24
            fieldBytesLeft -= 1
            if fieldBytesLeft == 0 { phase = .payload }
        case .payload: break
        }
    }

    private mutating func first(_ byte: UInt8) throws(WebSocketError) {
        guard byte & 0x70 == 0 else { throw WebSocketError(.protocolError, "a reserved bit is set") }
        guard let opcode = WebSocketFrame.Opcode(rawValue: byte & 0x0F) else {
            throw WebSocketError(.protocolError, "a reserved opcode")
        }
        isFinal = byte & 0x80 != 0
        self.opcode = opcode
        switch opcode {
        case .continuation where message == nil: throw WebSocketError(.protocolError, "nothing to continue")
        case .text where message != nil, .binary where message != nil:
            throw WebSocketError(.protocolError, "the message before has not ended")
        case .close where !isFinal, .ping where !isFinal, .pong where !isFinal:
            throw WebSocketError(.protocolError, "a control frame in fragments")
        default: break
        }
        phase = .second
    }

    private mutating func second(_ byte: UInt8) throws(WebSocketError) {
        guard byte & 0x80 != 0 else { throw WebSocketError(.protocolError, "a client's frame must be masked") }
        let short = byte & 0x7F
        guard !opcode.isControl || short <= WebSocketFrame.controlBytesMax else {
            throw WebSocketError(.protocolError, "a control frame that is too long")
        }
        payloadLeft = 0
        switch short {
        case 126: lengthBytes = 2
        case 127: lengthBytes = 8
        default:
            lengthBytes = 0
            payloadLeft = UInt64(short)
            return try endLength()
        }
        fieldBytesLeft = lengthBytes
        phase = .length
    }

    private mutating func endLength() throws(WebSocketError) {
        switch lengthBytes {
        case 2 where payloadLeft < 126, 8 where payloadLeft <= 0xFFFF:
            throw WebSocketError(.protocolError, "a length that is not in its shortest form")
        case 8 where payloadLeft >> 63 != 0: throw WebSocketError(.protocolError, "a length with its highest bit set")
        default: break
        }
        if !opcode.isControl {
            guard payloadLeft <= UInt64(limits.frameBytesMax) else {
                throw WebSocketError(.messageTooBig, "a frame of more than \(limits.frameBytesMax) bytes")
            }
            guard content.count + Int(payloadLeft) <= limits.messageBytesMax else {
                throw WebSocketError(.messageTooBig, "a message of more than \(limits.messageBytesMax) bytes")
            }
            if opcode != .continuation { message = opcode }
        }
        fieldBytesLeft = 4
        phase = .mask
    }

    /// Some of the payload.
    private mutating func take(_ bytes: RawSpan) throws(WebSocketError) {
        if bytes.isEmpty { return }
        if opcode.isControl { return WebSocketParser.append(bytes, to: &control, unmasking: &mask) }
        let start = content.count
        WebSocketParser.append(bytes, to: &content, unmasking: &mask)
        guard message == .text else { return }
        var checked = progress
        guard checked.take(content.span.bytes.extracting(start...)) else {
            throw WebSocketError(.invalidPayload, "text that is not UTF-8")
        }
        progress = checked
    }

    private mutating func endFrame() throws(WebSocketError) -> Event? {
        switch opcode {
        case .continuation, .text, .binary: return isFinal ? try endMessage() : nil
        case .ping: return .ping(takeControl())
        case .pong: return .pong(takeControl())
        case .close: return try close(takeControl())
        }
    }

    private mutating func endMessage() throws(WebSocketError) -> Event {
        guard progress.isBetweenCharacters else { throw WebSocketError(.invalidPayload, "text that ends within a character") }
        var whole: [UInt8] = []
        swap(&whole, &content)
        defer { message = nil }
        return message == .text ? .text(whole) : .binary(whole)
    }

    private mutating func takeControl() -> [UInt8] {
        var whole: [UInt8] = []
        swap(&whole, &control)
        return whole
    }

    /// §5.5.1: nothing, or a code and a reason.
    private func close(_ payload: [UInt8]) throws(WebSocketError) -> Event {
        if payload.isEmpty { return .close(nil, reason: "") }
        guard payload.count >= 2 else { throw WebSocketError(.protocolError, "half a close code") }
        let code = WebSocketCloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isSendable else { throw WebSocketError(.protocolError, "a close code that is never sent") }
        guard UTF8Check.firstInvalid(in: payload[2...]) == nil else {
            throw WebSocketError(.invalidPayload, "a close reason that is not UTF-8")
        }
        return .close(code, reason: String(decoding: payload[2...], as: UTF8.self))
    }

    /// Appends `bytes` with the key taken off (§5.3), eight at once; turns the key on by as many bytes.
    private static func append(_ bytes: RawSpan, to target: inout [UInt8], unmasking mask: inout UInt32) {
        let start = target.count
        let count = bytes.byteCount
        // Both pointers are used within the closures only.
        bytes.withUnsafeBytes { target.append(contentsOf: $0) }
        let wide = UInt64(mask) << 32 | UInt64(mask)
        target.withUnsafeMutableBytes { all in
            let own = UnsafeMutableRawBufferPointer(rebasing: all[start...])
            var offset = 0
            while offset + 8 <= count {
                // unsafe: within the buffer by the condition above, and any eight bytes are a number
                let word = own.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ wide.littleEndian
                own.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
                offset += 8
            }
            while offset < count {
                own[offset] ^= UInt8(truncatingIfNeeded: mask >> UInt32(offset % 4 * 8))
                offset += 1
            }
        }
        let turned = UInt32(count % 4 * 8)
        if turned > 0 { mask = mask >> turned | mask << (32 - turned) }
    }
}
