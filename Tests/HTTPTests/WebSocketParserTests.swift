import Testing

@testable import HTTP

/// What a parser makes of a client's bytes.
private struct Outcome: Equatable {
    var events: [WebSocketParser.Event] = []
    var error: WebSocketCloseCode?
}

/// Feeds the pieces one after the other, as a connection does.
private func parse(_ pieces: [ArraySlice<UInt8>], limits: WebSocketLimits = WebSocketLimits()) -> Outcome {
    var parser = WebSocketParser(limits: limits)
    var outcome = Outcome()
    for piece in pieces {
        let bytes = Array(piece)
        var cursor = 0
        do throws(WebSocketError) {
            while let event = try parser.next(in: bytes.span.bytes, from: &cursor) { outcome.events.append(event) }
        } catch {
            outcome.error = error.code
            return outcome
        }
    }
    return outcome
}

/// Expects the same of the bytes whole, in two pieces cut at every place, and byte by byte.
private func expect(
    _ bytes: [UInt8], _ expected: Outcome, limits: WebSocketLimits = WebSocketLimits(),
    at location: SourceLocation = #_sourceLocation
) {
    #expect(parse([bytes[...]], limits: limits) == expected, "whole", sourceLocation: location)
    for cut in bytes.indices {
        #expect(parse([bytes[..<cut], bytes[cut...]], limits: limits) == expected, "cut at \(cut)", sourceLocation: location)
    }
    #expect(parse(bytes.map { [$0] }, limits: limits) == expected, "byte by byte", sourceLocation: location)
}

/// A client's frame.
func clientFrame(
    _ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
) -> [UInt8] {
    var frame = [(isFinal ? 0x80 : 0) | opcode]
    switch payload.count {
    case ..<126: frame.append(0x80 | UInt8(payload.count))
    case ..<65_536: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default:
        frame.append(0x80 | 127)
        frame += (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
    }
    return frame + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
}

private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct WebSocketParserTests {
    @Test func theExampleOfTheStandardIsRead() {
        // RFC 6455 §5.7: a masked "Hello".
        expect(
            [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58],
            Outcome(events: [.text(text("Hello"))]))
    }

    @Test(arguments: [0, 1, 3, 7, 8, 9, 125, 126, 127, 300])
    func payloadsOfAnyLengthAreUnmasked(_ count: Int) {
        let payload = (0..<count).map { UInt8($0 % 251) }
        expect(clientFrame(2, payload), Outcome(events: [.binary(payload)]))
    }

    @Test func aPayloadWithALengthOfEightBytesIsRead() {
        var limits = WebSocketLimits()
        limits.frameBytesMax = 70_000
        let payload = (0..<66_000).map { UInt8($0 % 251) }
        #expect(parse([clientFrame(2, payload)[...]], limits: limits) == Outcome(events: [.binary(payload)]))
    }

    @Test func fragmentsAreOneMessageAndControlFramesMayStandBetween() {
        let bytes =
            clientFrame(1, text("He"), isFinal: false) + clientFrame(9, text("now")) + clientFrame(0, [], isFinal: false)
            + clientFrame(0xA) + clientFrame(0, text("llo")) + clientFrame(2, [1])
        expect(bytes, Outcome(events: [.ping(text("now")), .pong([]), .text(text("Hello")), .binary([1])]))
    }

    @Test func aCharacterMayBeCutByFragments() {
        let smile: [UInt8] = [0xF0, 0x9F, 0x98, 0x80]
        let bytes = smile.enumerated().flatMap { clientFrame($0 == 0 ? 1 : 0, [$1], isFinal: $0 == 3) }
        expect(bytes, Outcome(events: [.text(smile)]))
    }

    /// Text that nothing could make good, each cut behind the byte where that shows.
    @Test(
        arguments: [
            [0x80], [0xC0], [0xC1], [0xF5], [0xFF], [0x41, 0xC3, 0x28], [0xE0, 0x80], [0xE0, 0x9F], [0xED, 0xA0], [0xED, 0xBF],
            [0xF0, 0x80], [0xF0, 0x8F], [0xF4, 0x90], [0xE2, 0x82, 0x28], [0xF0, 0x9F, 0x98, 0x28],
        ] as [[UInt8]])
    func textThatIsNotUTF8FailsAtItsFirstWrongByte(_ payload: [UInt8]) {
        // The frame has not ended, and more is announced: the error does not wait for it.
        var bytes = clientFrame(1, payload + text("and more"), isFinal: false)
        bytes.removeLast(8)
        expect(bytes, Outcome(error: .invalidPayload))
        expect(clientFrame(1, payload.dropLast(), isFinal: false), Outcome())
    }

    @Test func textThatEndsWithinACharacterFails() {
        expect(clientFrame(1, [0xE2, 0x82]), Outcome(error: .invalidPayload))
        expect(clientFrame(1, [0xE2], isFinal: false) + clientFrame(0, [0x82]), Outcome(error: .invalidPayload))
    }

    @Test func binaryNeedNotBeUTF8() { expect(clientFrame(2, [0xFF, 0xC0]), Outcome(events: [.binary([0xFF, 0xC0])])) }

    /// What breaks the protocol, by its name.
    static let broken: [(name: String, bytes: [UInt8])] = [
        ("not masked", [0x81, 0x05] + Array("Hello".utf8)),
        ("not masked, empty", [0x82, 0x00]),
        ("RSV1", [0xC1, 0x80, 0, 0, 0, 0]),
        ("RSV2", [0xA1, 0x80, 0, 0, 0, 0]),
        ("RSV3", [0x91, 0x80, 0, 0, 0, 0]),
        ("opcode 3", clientFrame(3)), ("opcode 7", clientFrame(7)), ("opcode 11", clientFrame(11)),
        ("opcode 15", clientFrame(15)),
        ("a continuation of nothing", clientFrame(0, [1])),
        ("a text within a text", clientFrame(1, [65], isFinal: false) + clientFrame(1, [66])),
        ("a binary within a text", clientFrame(1, [65], isFinal: false) + clientFrame(2, [66])),
        ("a ping in fragments", clientFrame(9, [], isFinal: false)),
        ("a close in fragments", clientFrame(8, [], isFinal: false)),
        ("a long ping", clientFrame(9, [UInt8](repeating: 0, count: 126))),
        ("a long length for 125 bytes", [0x82, 0xFE, 0, 125]),
        ("a longer length for 65535 bytes", [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        ("a length with its highest bit", [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ("a close with half a code", clientFrame(8, [3])),
    ]

    @Test(arguments: broken.map(\.name))
    func whatBreaksTheProtocolFails(_ name: String) throws {
        let bytes = try #require(WebSocketParserTests.broken.first { $0.name == name }?.bytes)
        let before = bytes.first == 1 ? [] : parse([bytes[...]]).events
        expect(bytes, Outcome(events: before, error: .protocolError))
    }

    @Test func whatIsTooLargeFailsByItsHead() {
        var limits = WebSocketLimits()
        limits.frameBytesMax = 1000
        limits.messageBytesMax = 1500
        expect([0x82, 0xFE, 0x03, 0xE9], Outcome(error: .messageTooBig), limits: limits)
        expect([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Outcome(error: .messageTooBig), limits: limits)
        let half = [UInt8](repeating: 1, count: 800)
        let bytes = clientFrame(2, half, isFinal: false) + clientFrame(0, half).prefix(4)
        #expect(parse([bytes[...]], limits: limits) == Outcome(error: .messageTooBig))
        #expect(parse([bytes.dropLast()[...]], limits: limits) == Outcome())
    }

    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
    func aCloseCodeThatMayBeSentIsRead(_ code: UInt16) {
        expect(
            clientFrame(8, [UInt8(code >> 8), UInt8(code & 0xFF)] + text("bye")),
            Outcome(events: [.close(WebSocketCloseCode(rawValue: code), reason: "bye")]))
    }

    @Test(arguments: [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
    func aCloseCodeThatIsNeverSentFails(_ code: UInt16) {
        expect(clientFrame(8, [UInt8(code >> 8), UInt8(code & 0xFF)]), Outcome(error: .protocolError))
    }

    @Test func aCloseMayBeEmptyAndItsReasonMustBeUTF8() {
        expect(clientFrame(8), Outcome(events: [.close(nil, reason: "")]))
        expect(clientFrame(8, [0x03, 0xE8, 0xFF]), Outcome(error: .invalidPayload))
    }

    @Test func whatTheServerSendsIsInItsShortestForm() {
        #expect(WebSocketFrame.text("Hello".utf8) == [0x81, 0x05] + text("Hello"))
        #expect(WebSocketFrame.encode(.ping, []) == [0x89, 0x00])
        #expect(WebSocketFrame.binary([UInt8](repeating: 0, count: 125)).prefix(2) == [0x82, 125])
        #expect(WebSocketFrame.binary([UInt8](repeating: 0, count: 126)).prefix(4) == [0x82, 126, 0, 126])
        #expect(WebSocketFrame.binary([UInt8](repeating: 0, count: 65_535)).prefix(4) == [0x82, 126, 0xFF, 0xFF])
        #expect(
            WebSocketFrame.binary([UInt8](repeating: 0, count: 65_536)).prefix(10) == [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0])
        #expect(WebSocketFrame.close(.goingAway, "bye") == [0x88, 0x05, 0x03, 0xE9] + text("bye"))
    }

    @Test func aReasonThatIsTooLongLosesItsEndBetweenCharacters() {
        let frame = WebSocketFrame.close(.normal, String(repeating: "é", count: 100))
        #expect(frame.count == 2 + 2 + 122)
        #expect(UTF8Check.firstInvalid(in: frame[4...]) == nil)
    }

    /// The incremental check and the whole one agree about every pair of bytes in front of continuations.
    @Test func bothChecksOfUTF8Agree() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                for tail in [[], [0x80], [0x80, 0x80], [0xBF, 0xBF, 0x41]] as [[UInt8]] {
                    let bytes = [first, second] + tail
                    var progress = UTF8Progress()
                    let isValid = bytes.allSatisfy { progress.take([$0].span.bytes) } && progress.isBetweenCharacters
                    #expect(isValid == (UTF8Check.firstInvalid(in: bytes[...]) == nil), "\(bytes)")
                }
            }
        }
    }
}
