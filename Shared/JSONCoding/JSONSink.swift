/// Where JSON is written: straight to bytes, without a tree in between.
///
/// Containers are not told when they end. A container knows how deep it is, and whoever writes next closes all that is deeper.
/// That asks of `encode(to:)` only that it does not go back to an inner container after it has written to an outer one.
final class JSONSink {
    private(set) var bytes: [UInt8] = []
    /// The containers that are open, outermost first.
    private var open: [Frame] = []

    private struct Frame {
        let isObject: Bool
        var isEmpty = true
    }

    init() { bytes.reserveCapacity(JSON.outputBytesReserved) }

    var depth: Int { open.count }

    /// Writes a whole text.
    func encode(_ value: some Encodable) throws {
        try write(value)
        close(to: 0)
    }

    /// Opens a container, or finds the one that the same value has opened before: types add their members to another's in that
    /// way.
    /// - Parameter depth: how many containers hold the value.
    /// - Returns: the container's own depth.
    func begin(isObject: Bool, at depth: Int) throws -> Int {
        if open.count > depth {
            close(to: depth + 1)
            guard open[depth].isObject == isObject else { throw misuse("one value cannot be both an array and an object") }
        } else {
            bytes.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
            open.append(Frame(isObject: isObject))
        }
        return depth + 1
    }

    /// Closes every container deeper than `depth`.
    func close(to depth: Int) {
        while open.count > depth { bytes.append(open.removeLast().isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) }
    }

    /// Begins an item of the container at `depth`.
    func item(at depth: Int) throws {
        guard open.count >= depth else { throw misuse("a container was written to after its end") }
        close(to: depth)
        if open[depth - 1].isEmpty {
            open[depth - 1].isEmpty = false
        } else {
            bytes.append(UInt8(ascii: ","))
        }
    }

    /// Begins a member of the object at `depth`.
    func key(_ name: String, at depth: Int) throws {
        try item(at: depth)
        string(name)
        bytes.append(UInt8(ascii: ":"))
    }

    func null() { bytes.append(contentsOf: [110, 117, 108, 108]) }

    /// Writes a value where one is due.
    func write<Value: Encodable>(_ value: Value) throws {
        // The commonest first; `as!` restates what the comparison has just found.
        let type = Value.self
        if type == String.self { return string(value as! String) }
        if type == Int.self { return integer(value as! Int) }
        if type == Bool.self { return bool(value as! Bool) }
        if type == Double.self { return try double(value as! Double) }
        if type == Int64.self { return integer(value as! Int64) }
        if type == RawJSON.self { return bytes.append(contentsOf: (value as! RawJSON).bytes) }
        if try writeRareScalar(value) { return }
        let before = bytes.count
        try value.encode(to: JSONSinkEncoder(sink: self, depth: open.count))
        // A type without members may write nothing at all.
        if bytes.count == before { bytes.append(contentsOf: [UInt8(ascii: "{"), UInt8(ascii: "}")]) }
    }

    private func writeRareScalar<Value>(_ value: Value) throws -> Bool {
        let type = Value.self
        if type == UInt64.self {
            integer(value as! UInt64)
        } else if type == UInt.self {
            integer(value as! UInt)
        } else if type == Int32.self {
            integer(value as! Int32)
        } else if type == UInt32.self {
            integer(value as! UInt32)
        } else if type == Int16.self {
            integer(value as! Int16)
        } else if type == UInt16.self {
            integer(value as! UInt16)
        } else if type == Int8.self {
            integer(value as! Int8)
        } else if type == UInt8.self {
            integer(value as! UInt8)
        } else if type == Int128.self {
            integer(value as! Int128)
        } else if type == UInt128.self {
            integer(value as! UInt128)
        } else if type == Float.self {
            try real(value as! Float)
        } else {
            return false
        }
        return true
    }

    func bool(_ value: Bool) {
        bytes.append(contentsOf: value ? [116, 114, 117, 101] : [102, 97, 108, 115, 101])
    }

    func integer(_ value: some FixedWidthInteger) {
        if value >= 0, value < 10 { return bytes.append(48 + UInt8(truncatingIfNeeded: value)) }
        digits(of: value)
    }

    /// The decimal digits, last to first into the place that they will take: no string in between.
    private func digits(of value: some FixedWidthInteger) {
        var left = value.magnitude
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        while left > 0 {
            let (quotient, digit) = left.quotientAndRemainder(dividingBy: 10)
            bytes.append(48 + UInt8(truncatingIfNeeded: digit))
            left = quotient
        }
        bytes[start...].reverse()
    }

    func double(_ value: Double) throws { try real(value) }

    private func real<Real: BinaryFloatingPoint & CustomStringConvertible & Encodable>(_ value: Real) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: [], debugDescription: "JSON has no number that is not finite"))
        }
        var text = value.description.utf8[...]
        if text.suffix(2).elementsEqual([UInt8(ascii: "."), UInt8(ascii: "0")]) { text = text.dropLast(2) }
        bytes.append(contentsOf: text)
    }

    /// Writes a string with its quotes.
    func string(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var start = 0
            for index in 0..<utf8.count {
                let byte = utf8[index]
                if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
                bytes.append(contentsOf: utf8[start..<index])
                escape(byte)
                start = index + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 8: bytes.append(UInt8(ascii: "b"))
        case 9: bytes.append(UInt8(ascii: "t"))
        case 10: bytes.append(UInt8(ascii: "n"))
        case 12: bytes.append(UInt8(ascii: "f"))
        case 13: bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        default: bytes.append(contentsOf: "u00\(byte < 16 ? "0" : "1")\(String(byte & 15, radix: 16))".utf8)
        }
    }

    private func misuse(_ description: String) -> EncodingError {
        EncodingError.invalidValue(description, .init(codingPath: [], debugDescription: description))
    }
}
