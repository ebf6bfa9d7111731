/// What is fed with any bytes: by a fuzzer, and with the inputs that it kept by an ordinary test.
enum FuzzTarget: String, CaseIterable {
    case request, response, chunked, head, multipart, json, jwt, cursor, skill, planner, path, field, websocket

    /// - Throws: `Finding` when what must hold for any input does not. A trap is a finding too.
    func run(_ bytes: [UInt8]) throws {
        switch self {
        case .request: try WireEntries.request(bytes)
        case .response: try WireEntries.response(bytes)
        case .chunked: try WireEntries.chunked(bytes)
        case .head: try HeadEntries.head(bytes)
        case .multipart: try MultipartEntries.multipart(bytes)
        case .json: try TextEntries.json(bytes)
        case .jwt: try TokenEntries.jwt(bytes)
        case .cursor: try TokenEntries.cursor(bytes)
        case .skill: try TextEntries.skill(bytes)
        case .planner: try TextEntries.planner(bytes)
        case .path: try PathEntries.path(bytes)
        case .field: try HeadEntries.field(bytes)
        case .websocket: try FrameEntries.frames(bytes)
        }
    }
}

/// A property that does not hold.
struct Finding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static func unless(_ holds: Bool, _ description: @autoclosure () -> String) throws {
        if !holds { throw Finding(description()) }
    }
}

/// Cuts bytes into pieces, at places that follow from the bytes: the same input is always cut the same.
enum Cuts {
    static func pieces(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // Some inputs are cut into single bytes, others into a few pieces.
        let longest = [1, 3, 16, 64, 700][Int(state % 5)]
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let end = min(bytes.count, start + 1 + Int(state >> 33) % longest)
            pieces.append(bytes[start..<end])
            start = end
        }
        return pieces
    }
}
