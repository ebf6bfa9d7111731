import Glibc
import Loops

/// One reader of a stream of server-sent events, from whichever server: it looks for the numbers `@1;`, `@2;` … that the
/// publisher puts into its lines, and wants each once and in order. HTTP/1.0, so that no chunk can begin in the middle of one.
final class Subscriber: @unchecked Sendable {  // Confined to its loop's thread.
    enum Fault: Error {
        case refused(String)
        case outOfOrder(wanted: Int, got: Int)
        case ended(after: Int)
    }

    private let channel: Channel
    private var next = 1
    /// The digits of a number that the last piece broke off; nil outside of one.
    private var digits: Int?

    init(_ channel: Channel) { self.channel = channel }

    /// Sends the request and reads the answer's head.
    func open(_ request: [UInt8]) async throws {
        try await channel.writeAll(request)
        var head: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while !head.suffix(4).elementsEqual(end) {
            // A byte at a time, so that nothing of the stream is taken with it.
            let byte = try await channel.readSome(upTo: 1)
            guard !byte.isEmpty, head.count < 16_384 else { throw Fault.refused(String(decoding: head, as: UTF8.self)) }
            head += byte
        }
        let words = String(decoding: head.prefix(16), as: UTF8.self).split(separator: " ")
        guard words.count > 1, words[1] == "200" else { throw Fault.refused(String(decoding: head, as: UTF8.self)) }
    }

    /// Reads until the number `last` has been seen.
    /// - Parameter piece: lent by the loop; one for all.
    func read(to last: Int, with piece: Piece) async throws {
        while next <= last {
            guard let count = try channel.read(into: piece.buffer) else {
                try await channel.waitReadable()
                continue
            }
            guard count > 0 else { throw Fault.ended(after: next - 1) }
            try scan(UnsafeRawBufferPointer(rebasing: piece.buffer[..<count]))
        }
    }

    func close() { channel.close() }

    private func scan(_ bytes: UnsafeRawBufferPointer) throws {
        var index = 0
        while index < bytes.count {
            guard var number = digits else {
                // unsafe: within the buffer, whose length bounds the search
                let found = memchr(bytes.baseAddress! + index, Int32(UInt8(ascii: "@")), bytes.count - index)
                guard let found else { return }
                index = UnsafeRawPointer(found) - bytes.baseAddress! + 1
                digits = 0
                continue
            }
            while index < bytes.count, bytes[index] &- 48 < 10 {
                number = number * 10 + Int(bytes[index] - 48)
                index += 1
            }
            digits = number
            guard index < bytes.count else { return }
            guard number == next else { throw Fault.outOfOrder(wanted: next, got: number) }
            next += 1
            digits = nil
        }
    }
}

/// Where what was read lies until it is looked at.
final class Piece: @unchecked Sendable {  // Confined to its loop's thread.
    /// More than a socket holds, as a rule.
    private static let bytes = 65_536

    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16)

    deinit { buffer.deallocate() }
}
