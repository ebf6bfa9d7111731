/// What is wrong with a multipart body.
public struct MultipartError: InputError, Equatable {
    public let field: String?
    public let message: String

    init(_ problem: String) {
        field = nil
        message = "body: \(problem)"
    }
}

/// Reads `multipart/form-data` (RFC 7578) part by part and piece by piece: nothing is kept but what is being looked at, and
/// nothing is read from the client before it is asked for. Used by one task.
public final class MultipartReader {
    /// A part's fields: a name, a file's name and a type.
    public static let partHeadBytesMax = 8 * 1024
    /// No client sends any; RFC 2046 allows it.
    private static let preambleBytesMax = 64 * 1024
    /// RFC 2046 §5.1.1.
    private static let boundaryBytesMax = 70

    private enum Place { case preamble, head, content, end }

    private var body: Body
    /// `CR LF -- boundary`: begins every part, and ends the part before.
    private let delimiter: [UInt8]
    private let partsMax: Int
    // The first delimiter may lack the line end, so one is put before the body.
    private var buffer: [UInt8] = [13, 10]
    private var start = 0
    private var place = Place.preamble
    private var partCount = 0

    /// - Parameters:
    ///   - contentType: the request's `Content-Type`.
    ///   - partsMax: how many parts are let pass.
    /// - Throws: `HTTPError` 415 when it is not multipart/form-data; `MultipartError` without a usable boundary.
    public init(_ body: Body, contentType: String?, partsMax: Int = 100) throws {
        guard let type = contentType.flatMap({ MediaType($0) }), type.essence == "multipart/form-data" else {
            throw HTTPError(.unsupportedMediaType, "content-type: must be multipart/form-data")
        }
        guard let boundary = type["boundary"], (1...MultipartReader.boundaryBytesMax).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ (32...126).contains($0) }), boundary.utf8.last != 32
        else { throw MultipartError("multipart without a boundary") }
        self.body = body
        self.partsMax = partsMax
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// The next part, or nil at the end. What was not read of the part before is passed over.
    /// - Throws: `MultipartError`; what the body throws.
    public func next() async throws -> MultipartPart? {
        var preambleBytes = 0
        while place == .preamble {
            preambleBytes += try await piece().count
            guard preambleBytes <= MultipartReader.preambleBytesMax else {
                throw MultipartError("multipart does not begin with its boundary")
            }
        }
        while place == .content { _ = try await piece() }
        guard place == .head else { return nil }
        partCount += 1
        guard partCount <= partsMax else { throw MultipartError("more than \(partsMax) parts") }
        let head = try await head()
        place = .content
        return try MultipartPart(head: head, number: partCount, reader: self)
    }

    /// The current part's next piece; nil at its end.
    func next(of number: Int) async throws -> [UInt8]? {
        guard number == partCount else { return nil }
        while place == .content {
            let piece = try await piece()
            if !piece.isEmpty { return piece }
        }
        return nil
    }

    /// Bytes before the next delimiter; may be none. Steps over the delimiter when it has come to it.
    private func piece() async throws -> [UInt8] {
        while true {
            let (end, isDelimiter) = delimiterStart()
            if isDelimiter {
                let piece = Array(buffer[start..<end])
                start = end + delimiter.count
                try await afterDelimiter()
                return piece
            }
            if end > start {
                defer { start = end }
                return Array(buffer[start..<end])
            }
            guard try await fill() else { throw MultipartError("multipart breaks off") }
        }
    }

    /// Where the delimiter starts, whole; or where the buffer ends in what may be the beginning of one.
    private func delimiterStart() -> (Int, isWhole: Bool) {
        var index = start
        while index < buffer.count {
            if buffer[index] == 13 {
                var matched = 1
                while matched < delimiter.count, index + matched < buffer.count, buffer[index + matched] == delimiter[matched] {
                    matched += 1
                }
                if matched == delimiter.count { return (index, true) }
                if index + matched == buffer.count { return (index, false) }
            }
            index += 1
        }
        return (buffer.count, false)
    }

    /// `--` ends the body; a line end (after blanks, RFC 2046 §5.1.1) begins a part.
    private func afterDelimiter() async throws {
        try await need(2)
        if buffer[start] == UInt8(ascii: "-"), buffer[start + 1] == UInt8(ascii: "-") {
            place = .end
            // What follows means nothing, but belongs to the body.
            while try await body.next() != nil {}
            return
        }
        var blanks = 0
        while buffer[start] == 32 || buffer[start] == 9 {
            start += 1
            blanks += 1
            guard blanks <= 64 else { throw MultipartError("multipart with a malformed boundary line") }
            try await need(2)
        }
        guard buffer[start] == 13, buffer[start + 1] == 10 else {
            throw MultipartError("multipart with a malformed boundary line")
        }
        // The line's end stays: with it, a head without fields ends like any other.
        place = .head
    }

    /// The part's fields, up to their empty line.
    private func head() async throws -> [UInt8] {
        var searched = start
        while true {
            while searched + 3 < buffer.count {
                if buffer[searched] == 13, buffer[searched + 1] == 10, buffer[searched + 2] == 13, buffer[searched + 3] == 10 {
                    guard searched - start <= MultipartReader.partHeadBytesMax else { throw tooLarge() }
                    let head = Array(buffer[start..<searched])
                    start = searched + 4
                    return head
                }
                searched += 1
            }
            guard buffer.count - start <= MultipartReader.partHeadBytesMax else { throw tooLarge() }
            let ahead = searched - start
            guard try await fill() else { throw MultipartError("multipart breaks off") }
            searched = start + ahead
        }
    }

    private func tooLarge() -> MultipartError {
        MultipartError("a part's head is larger than \(MultipartReader.partHeadBytesMax) bytes")
    }

    private func need(_ count: Int) async throws {
        while buffer.count - start < count {
            guard try await fill() else { throw MultipartError("multipart breaks off") }
        }
    }

    /// Reads more, dropping what has been used. False at the end.
    private func fill() async throws -> Bool {
        guard let more = try await body.next() else { return false }
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: more)
        return true
    }
}
