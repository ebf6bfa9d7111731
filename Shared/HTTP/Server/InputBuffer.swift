import Loops

/// Memory that connections read into; a loop keeps a few and lends them, so an idle connection holds none.
final class InputBlock {
    static let defaultBytes = 16 * 1024

    let memory: UnsafeMutableRawBufferPointer

    init(bytes: Int = InputBlock.defaultBytes) {
        memory = .allocate(byteCount: bytes, alignment: 16)
    }

    deinit { memory.deallocate() }
}

/// What a connection has read and not yet used.
struct InputBuffer {
    private var block: InputBlock?
    private var start = 0
    private var end = 0

    var isEmpty: Bool { start == end }
    var count: Int { end - start }

    /// Calls `body` with the unused bytes, which are valid only within it.
    @inline(__always) func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let block else { return try body(RawSpan()) }
        return try body(UnsafeRawBufferPointer(rebasing: block.memory[start..<end]).bytes)
    }

    /// Reads once. Nil when there is nothing yet, 0 at the end.
    /// - Parameter lend: gives a block when none is held.
    mutating func read(from channel: Channel, lend: () -> InputBlock) throws(SystemError) -> Int? {
        let block = self.block ?? lend()
        self.block = block
        makeRoom()
        let memory = self.block?.memory ?? block.memory
        let count = try channel.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[end...]))
        end += count ?? 0
        return count
    }

    mutating func drop(_ count: Int) {
        start += count
        if start == end { (start, end) = (0, 0) }
    }

    /// Up to `count` bytes, copied out.
    mutating func take(_ count: Int) -> [UInt8] {
        guard let block else { return [] }
        let taken = min(count, self.count)
        let bytes = [UInt8](UnsafeRawBufferPointer(rebasing: block.memory[start..<start + taken]))
        drop(taken)
        return bytes
    }

    /// Gives the block back when it holds nothing; one that has grown is let go.
    mutating func release() -> InputBlock? {
        guard isEmpty, let block else { return nil }
        self.block = nil
        return block.memory.count == InputBlock.defaultBytes ? block : nil
    }

    /// Moves what is unused to the front when the block is full, and to a larger one when that gives nothing. A head's limit
    /// bounds the growth; bodies are taken out before more is read.
    private mutating func makeRoom() {
        guard let block, end == block.memory.count else { return }
        let target = start == 0 ? InputBlock(bytes: block.memory.count * 2) : block
        UnsafeMutableRawBufferPointer(rebasing: target.memory[..<count]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: block.memory[start..<end]))
        self.block = target
        (start, end) = (0, count)
    }
}
