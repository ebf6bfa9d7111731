import Glibc
import HTTP
import Testing

@Suite struct FileResponseTests {
    private let path: String
    private let content = Array("0123456789".utf8)

    init() throws {
        path = try temporarySocketPath() + ".txt"
        let file = try #require(fopen(path, "w"))
        fwrite(content, 1, content.count, file)
        fclose(file)
        // Sun, 06 Nov 1994 08:49:37 GMT.
        var times = [timespec(tv_sec: 784_111_777, tv_nsec: 0), timespec(tv_sec: 784_111_777, tv_nsec: 0)]
        utimensat(AT_FDCWD, path, &times, 0)
    }

    private func response(_ method: Method = .get, _ fields: (String, String)...) throws -> Response {
        var headers = Headers()
        for (name, value) in fields { headers.add(name, value) }
        let file = FileResponse(path: path, contentType: "text/plain", fileName: "a.txt", entityTag: EntityTag("v1"))
        return try file.response(to: Request(method, "/", headers: headers))
    }

    private func bytes(_ response: Response) throws -> [UInt8]? {
        guard case .file(let region) = response.body else { return nil }
        return try region.read()
    }

    @Test func aWholeFileSaysWhatItIs() throws {
        let response = try response()
        #expect(response.status == .ok)
        #expect(try bytes(response) == content)
        #expect(response.headers["etag"] == "\"v1\"")
        #expect(response.headers["last-modified"] == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(response.headers["content-type"] == "text/plain")
        #expect(response.headers["x-content-type-options"] == "nosniff")
        #expect(response.headers["accept-ranges"] == "bytes")
        #expect(response.headers["content-disposition"] == "attachment; filename=\"a.txt\"")
        let made = try FileResponse(path: path).response(to: Request(.get, "/"))
        #expect(made.headers["etag"]?.hasPrefix("\"") == true)
        #expect(made.headers["content-disposition"] == nil)
    }

    @Test(arguments: [
        ("bytes=0-3", "0123", "bytes 0-3/10"), ("bytes=8-", "89", "bytes 8-9/10"), ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"), ("bytes=9-99999999999999999999", "9", "bytes 9-9/10"),
        ("BYTES=0-0", "0", "bytes 0-0/10"),
    ])
    func aRangeIsAPart(range: String, part: String, contentRange: String) throws {
        let response = try response(.get, ("range", range))
        #expect(response.status == .partialContent)
        #expect(try bytes(response) == Array(part.utf8))
        #expect(response.headers["content-range"] == contentRange)
    }

    @Test(arguments: ["bytes=10-", "bytes=-0", "bytes=99999999999999999999-"])
    func aRangeBeyondTheEndIsNotSatisfiable(range: String) throws {
        let response = try response(.get, ("range", range))
        #expect(response.status == .rangeNotSatisfiable)
        #expect(response.headers["content-range"] == "bytes */10")
    }

    @Test(arguments: ["bytes=", "bytes=-", "bytes=3-1", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=0--1", "0-1"])
    func aRangeThatIsNotUnderstoodIsIgnored(range: String) throws {
        #expect(try response(.get, ("range", range)).status == .ok)
    }

    @Test func aRangeCountsOnlyForGetAndForTheSameFile() throws {
        #expect(try response(.head, ("range", "bytes=0-1")).status == .ok)
        #expect(try response(.get, ("range", "bytes=0-1"), ("if-range", "\"v1\"")).status == .partialContent)
        #expect(try response(.get, ("range", "bytes=0-1"), ("if-range", "\"v2\"")).status == .ok)
        #expect(try response(.get, ("range", "bytes=0-1"), ("if-range", "W/\"v1\"")).status == .ok)
        #expect(
            try response(.get, ("range", "bytes=0-1"), ("if-range", "Sun, 06 Nov 1994 08:49:37 GMT")).status == .partialContent)
        #expect(try response(.get, ("range", "bytes=0-1"), ("if-range", "Sun, 06 Nov 1994 08:49:38 GMT")).status == .ok)
    }

    @Test func conditionsAreLookedAtInTheirOrder() throws {
        #expect(try response(.get, ("if-none-match", "\"v1\"")).status == .notModified)
        #expect(
            try response(.get, ("if-none-match", "\"v2\""), ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")).status == .ok)
        #expect(try response(.get, ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")).status == .notModified)
        #expect(try response(.get, ("if-modified-since", "Sunday, 06-Nov-94 08:49:36 GMT")).status == .ok)
        #expect(try response(.get, ("if-modified-since", "Sun Nov  6 08:49:37 1994")).status == .notModified)
        #expect(try response(.get, ("if-modified-since", "yesterday")).status == .ok)
        #expect(try response(.get, ("if-match", "\"v2\"")).status == 412)
        #expect(try response(.get, ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT")).status == 412)
    }

    @Test func whatIsNoFileIsNotFound() throws {
        #expect(throws: HTTPError.self) { try FileResponse(path: path + ".none").response(to: Request(.get, "/")) }
        #expect(throws: HTTPError.self) { try FileResponse(path: "/tmp").response(to: Request(.get, "/")) }
    }

    @Test(arguments: [
        ("report.pdf", "attachment; filename=\"report.pdf\""), ("a b.txt", "attachment; filename=\"a b.txt\""),
        ("naïve €.txt", "attachment; filename=\"na_ve _.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt"),
        ("a\"b\\..\\c\".txt", "attachment; filename=\"c_.txt\"; filename*=UTF-8''c%22.txt"),
        ("../../etc/passwd", "attachment; filename=\"passwd\""),
        ("x\r\nSet-Cookie: y", "attachment; filename=\"xSet-Cookie: y\""),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"), ("..", "attachment; filename=\"file\""),
        ("", "attachment; filename=\"file\""),
    ])
    func aFileNameCannotLeaveItsField(name: String, value: String) {
        #expect(ContentDisposition.attachment.value(fileName: name) == value)
    }
}
