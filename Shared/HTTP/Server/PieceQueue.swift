import Loops

/// Pieces that wait to be sent, each as its maker gave it: the same bytes may wait in a thousand queues, and are in memory once.
struct PieceQueue {
    /// Small pieces are gathered up to this for one system call.
    private static let gatheredBytesMax = 64 * 1024

    private var pieces: [[UInt8]] = []
    /// The first that has not been sent whole, and how much of it has been.
    private var first = 0
    private var offset = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        pieces.append(piece)
        count += piece.count
    }

    /// Drops what has not been begun; the rest of a piece that has been stays.
    /// - Parameter bytesBegun: as the channel says (`Channel.bytesBegun`); they count as not sent here.
    mutating func dropUnbegun(_ bytesBegun: Int) {
        guard !isEmpty else { return }
        var end = first
        var kept = -offset
        while end < pieces.count, kept < bytesBegun || end == first && offset > 0 {
            kept += pieces[end].count
            end += 1
        }
        pieces = Array(pieces[first..<end])
        first = 0
        count = kept
    }

    mutating func removeAll() {
        pieces = []
        (first, offset, count) = (0, 0, 0)
    }

    /// Writes what fits. True when all is written.
    /// - Parameter lend: gives a buffer to gather in, which `takeBack` gets again.
    mutating func write(
        to channel: Channel, lend: () -> [UInt8], takeBack: (consuming [UInt8]) -> Void
    ) throws(SystemError) -> Bool {
        while !isEmpty {
            let written: Int?
            if pieces.count - first == 1 || pieces[first].count - offset >= PieceQueue.gatheredBytesMax {
                written = try PieceQueue.write(pieces[first], from: offset, to: channel)
            } else {
                var gathered = lend()
                gather(into: &gathered)
                written = try PieceQueue.write(gathered, from: 0, to: channel)
                gathered.removeAll(keepingCapacity: true)
                takeBack(gathered)
            }
            guard let written else { return false }
            drop(written)
        }
        return true
    }

    private func gather(into buffer: inout [UInt8]) {
        buffer.append(contentsOf: pieces[first][offset...])
        var index = first + 1
        while index < pieces.count, buffer.count + pieces[index].count <= PieceQueue.gatheredBytesMax {
            buffer.append(contentsOf: pieces[index])
            index += 1
        }
    }

    private mutating func drop(_ written: Int) {
        count -= written
        if count == 0 {
            // A quiet connection holds no memory for what it may send some day.
            pieces = []
            (first, offset) = (0, 0)
            return
        }
        offset += written
        while offset >= pieces[first].count {
            offset -= pieces[first].count
            pieces[first] = []
            first += 1
        }
        // What was sent is let go of now and then, so that a queue that is never empty does not grow.
        if first > 64, first > pieces.count / 2 {
            pieces.removeFirst(first)
            first = 0
        }
    }

    private static func write(_ bytes: [UInt8], from offset: Int, to channel: Channel) throws(SystemError) -> Int? {
        var failure: SystemError?
        // The pointer is used within the closure only.
        let count = bytes.withUnsafeBytes { bytes -> Int? in
            do throws(SystemError) {
                return try channel.write(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        return count
    }
}
