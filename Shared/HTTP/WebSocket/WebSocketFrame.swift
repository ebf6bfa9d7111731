/// The frames that a server sends: unmasked, unfragmented, and in the shortest form (RFC 6455 §5).
public enum WebSocketFrame {
    /// What a frame is (§5.2).
    public enum Opcode: UInt8, Sendable {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        var isControl: Bool { rawValue & 0x8 != 0 }
    }

    /// No control frame has a longer payload (§5.5).
    public static let controlBytesMax = 125

    /// A whole message in one frame: encoded once, it can be sent to any number of peers.
    public static func text(_ payload: some Collection<UInt8>) -> [UInt8] { encode(.text, payload) }

    public static func binary(_ payload: some Collection<UInt8>) -> [UInt8] { encode(.binary, payload) }

    /// A close frame; a reason that is too long loses its end, between two characters.
    static func close(_ code: WebSocketCloseCode, _ reason: String) -> [UInt8] {
        var text = reason
        while text.utf8.count > controlBytesMax - 2 { text.removeLast() }
        return encode(.close, [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)] + text.utf8)
    }

    static func encode(_ opcode: Opcode, _ payload: some Collection<UInt8>) -> [UInt8] {
        let length = payload.count
        var frame: [UInt8] = []
        frame.reserveCapacity(length + 10)
        frame.append(0x80 | opcode.rawValue)
        switch length {
        case ..<126: frame.append(UInt8(length))
        case ..<0x1_0000: frame += [126, UInt8(length >> 8), UInt8(length & 0xFF)]
        default:
            frame.append(127)
            for shift in stride(from: 56, through: 0, by: -8) { frame.append(UInt8(truncatingIfNeeded: length >> shift)) }
        }
        frame.append(contentsOf: payload)
        return frame
    }
}
