/// One part of a form: its names, and its content to be read.
public final class MultipartPart {
    /// The form field's name.
    public let name: String
    /// The file's name without folders, when the part is a file.
    public let fileName: String?
    /// The `Content-Type` as it came.
    public let contentType: String?

    private let number: Int
    private let reader: MultipartReader

    init(head: [UInt8], number: Int, reader: MultipartReader) throws {
        var disposition: [MediaType.Parameter]?
        var type: String?
        for line in try MultipartPart.lines(head) {
            guard UTF8Check.firstInvalid(in: line) == nil else { throw MultipartError("a part's head is not UTF-8") }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw MultipartError("a part's field has no colon") }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = Headers.trimmed(line[(colon + 1)...])
            if name == "content-disposition" {
                var field = FieldReader(value)
                guard field.token()?.lowercased() == "form-data", let parameters = field.parameters(), field.isAtEnd,
                    disposition == nil
                else {
                    throw MultipartError("a part's content-disposition is malformed")
                }
                disposition = parameters
            } else if name == "content-type" {
                type = String(decoding: value, as: UTF8.self)
            }
        }
        guard let name = disposition?.first(where: { $0.name == "name" })?.value else {
            throw MultipartError("a part has no name")
        }
        self.name = name
        fileName = disposition?.first { $0.name == "filename" }.map { ContentDisposition.lastPart(of: $0.value) }
        contentType = type
        self.number = number
        self.reader = reader
    }

    /// The content's next piece, or nil at its end, or once the next part has been asked for.
    /// - Throws: `MultipartError`; what the body throws.
    public func next() async throws -> [UInt8]? { try await reader.next(of: number) }

    /// The whole content.
    /// - Throws: `HTTPError` 413 when it is longer than `limit` bytes; as `next`.
    public func collect(upTo limit: Int) async throws -> [UInt8] {
        var whole: [UInt8] = []
        while let piece = try await next() {
            guard whole.count + piece.count <= limit else { throw HTTPError.contentTooLarge(limit: limit) }
            whole.append(contentsOf: piece)
        }
        return whole
    }

    /// The whole content as text.
    /// - Throws: as `collect`; `MultipartError` when it is not UTF-8.
    public func text(upTo limit: Int) async throws -> String {
        let bytes = try await collect(upTo: limit)
        guard UTF8Check.firstInvalid(in: bytes[...]) == nil else { throw MultipartError("the part \(name) is not UTF-8") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The head's lines; each begins with a line end.
    private static func lines(_ head: [UInt8]) throws -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        while start < head.count {
            guard start + 1 < head.count, head[start] == 13, head[start + 1] == 10 else {
                throw MultipartError("a part's head is malformed")
            }
            var end = start + 2
            while end < head.count, head[end] != 13 {
                guard head[end] != 10, head[end] != 0 else { throw MultipartError("a part's head is malformed") }
                end += 1
            }
            lines.append(head[(start + 2)..<end])
            start = end
        }
        return lines
    }
}
