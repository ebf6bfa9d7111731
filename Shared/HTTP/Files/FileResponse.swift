import Glibc

/// Answers a GET or HEAD with a file, conditions and ranges included (RFC 9110 §13, §14).
public struct FileResponse: Sendable {
    public var path: String
    public var contentType: String
    /// Under which name a browser saves it; nil says nothing about that.
    public var fileName: String?
    public var disposition: ContentDisposition
    /// Nil makes one of the file's size, time and inode.
    public var entityTag: EntityTag?
    /// The `Cache-Control` field; nil leaves it out.
    public var cacheControl: String?

    /// - Parameter path: must be one that the program has chosen: nothing of it is checked here.
    public init(
        path: String, contentType: String = "application/octet-stream", fileName: String? = nil,
        disposition: ContentDisposition = .attachment, entityTag: EntityTag? = nil, cacheControl: String? = nil
    ) {
        self.path = path
        self.contentType = contentType
        self.fileName = fileName
        self.disposition = disposition
        self.entityTag = entityTag
        self.cacheControl = cacheControl
    }

    /// The answer: 200, 206, 304, 412 or 416. One system call; the content is sent from the file later.
    /// - Throws: `HTTPError` 404 when there is no regular file.
    public func response(to request: Request) throws(HTTPError) -> Response {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw HTTPError(.notFound, "no such file") }
        let size = Int(status.st_size)
        let modified = status.st_mtim.tv_sec
        let tag = entityTag ?? FileResponse.tag(status)
        var headers = Headers()
        headers.add("etag", tag.description.utf8)
        headers.add("last-modified", HTTPDate.text(modified).utf8)
        if let cacheControl { headers.add("cache-control", cacheControl.utf8) }
        if !preconditionsHold(request.headers, tag, modified) { return Response(412, headers: headers) }
        if isUnchanged(request.headers, tag, modified) { return Response(.notModified, headers: headers) }
        headers.add("accept-ranges", "bytes".utf8)
        // What a browser guesses from the content must not make a script of an upload.
        headers.add("x-content-type-options", "nosniff".utf8)
        switch range(request, tag, modified, size) {
        case .whole:
            describe(&headers)
            return Response(.ok, headers: headers, body: .file(FileRegion(path: path, offset: 0, length: size)))
        case .part(let part):
            describe(&headers)
            headers.add("content-range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)".utf8)
            let region = FileRegion(path: path, offset: part.lowerBound, length: part.count)
            return Response(.partialContent, headers: headers, body: .file(region))
        case .unsatisfiable:
            headers.add("content-range", "bytes */\(size)".utf8)
            return Response(.rangeNotSatisfiable, headers: headers)
        }
    }

    private func describe(_ headers: inout Headers) {
        headers.add("content-type", contentType.utf8)
        if let fileName { headers.add("content-disposition", disposition.value(fileName: fileName).utf8) }
    }

    private static func tag(_ status: stat) -> EntityTag {
        let parts = [
            Int(status.st_mtim.tv_sec), status.st_mtim.tv_nsec, Int(status.st_size), Int(truncatingIfNeeded: status.st_ino),
        ]
        return EntityTag(parts.map { String($0, radix: 36) }.joined(separator: "."))
    }

    /// `If-Match`, and `If-Unmodified-Since` without it (§13.2.2).
    private func preconditionsHold(_ headers: Headers, _ tag: EntityTag, _ modified: Int) -> Bool {
        if headers.count("if-match") > 0 { return headers.ifMatchHolds(for: tag) }
        guard let since = headers["if-unmodified-since"].flatMap({ HTTPDate.parse($0) }) else { return true }
        return modified <= since
    }

    /// `If-None-Match`, and `If-Modified-Since` without it.
    private func isUnchanged(_ headers: Headers, _ tag: EntityTag, _ modified: Int) -> Bool {
        if headers.count("if-none-match") > 0 { return headers.ifNoneMatchHits(tag) }
        guard let since = headers["if-modified-since"].flatMap({ HTTPDate.parse($0) }) else { return false }
        return modified <= since
    }

    /// A range counts for GET alone (§14.2), and only while the file is the one that `If-Range` knows (§13.1.5).
    private func range(_ request: Request, _ tag: EntityTag, _ modified: Int, _ size: Int) -> ByteRange {
        guard request.method == .get, request.headers.count("range") == 1, let value = request.headers.value("range") else {
            return .whole
        }
        if let known = request.headers.value("if-range") {
            let tags = EntityTag.list(known)
            let isSame =
                tags.map { $0.count == 1 && $0[0].matchesStrongly(tag) }
                ?? (HTTPDate.parse(String(decoding: known, as: UTF8.self)) == modified)
            guard isSame else { return .whole }
        }
        return ByteRange(value, size: size)
    }
}
