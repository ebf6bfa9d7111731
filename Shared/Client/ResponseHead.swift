import HTTP

/// An answer's status and fields, as libcurl gives them: line by line, for interim answers and redirects too.
struct ResponseHead {
    private(set) var status: Status = 0
    private(set) var headers = Headers()
    /// The answer that counts is here.
    private(set) var isComplete = false

    /// Takes a line with its CR LF.
    mutating func add(_ line: UnsafeRawBufferPointer) {
        if line.starts(with: "HTTP/".utf8) {
            headers = Headers()
            return
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return }
        var value = line[(colon + 1)...]
        while let last = value.last, last == 13 || last == 10 || last == 32 || last == 9 { value.removeLast() }
        while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
        headers.add(String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    /// The empty line after the fields.
    /// - Returns: whether this was the answer that counts, not an interim one or a redirect that is followed.
    mutating func end(status code: Int, followsRedirects: Bool) -> Bool {
        if code < 200 { return false }
        if followsRedirects, (300..<400).contains(code), headers.value("location") != nil { return false }
        status = Status(UInt16(clamping: code))
        isComplete = true
        return true
    }
}
