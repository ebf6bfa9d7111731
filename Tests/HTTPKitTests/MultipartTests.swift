import HTTP
import Synchronization
import Testing

@Suite struct MultipartTests {
    private let form = Array(
        """
        preamble\r\n--b0\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n-\r\n--b\r\n\r\n--b0  \r\n\
        content-disposition: form-data; name="file"; filename="C:\\\\x\\\\ü.txt"\r\nContent-Type: text/plain\r\n\r\n\r\n--b0\r\n\
        Content-Disposition: form-data; name=last\r\n\r\n\
        \r\n\r\n--b0--\r\nepilogue
        """.utf8)

    private func body(_ bytes: [UInt8], split: Int) -> Body {
        .stream(.pieces(of: bytes, each: split, length: nil))
    }

    /// Everything that a reader gives, as one line a part.
    private func read(_ body: Body, contentType: String = "multipart/form-data; boundary=b0") async throws -> [String] {
        let reader = try MultipartReader(body, contentType: contentType)
        var seen: [String] = []
        while let part = try await reader.next() {
            let text = try await part.text(upTo: 1000)
            seen.append("\(part.name)|\(part.fileName ?? "-")|\(part.contentType ?? "-")|\(text)")
        }
        return seen
    }

    private var expected: [String] { ["note|-|-|hello\r\n-\r\n--b\r\n", "file|ü.txt|text/plain|", "last|-|-|\r\n"] }

    @Test func partsAreReadWhereverTheBodyIsSplit() async throws {
        for split in 1...form.count { #expect(try await read(body(form, split: split)) == expected, "\(split)") }
        for cut in 1..<form.count {
            let pieces = Mutex([Array(form[..<cut]), Array(form[cut...])])
            let stream = BodyStream(length: nil) { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
            #expect(try await read(.stream(stream)) == expected, "\(cut)")
        }
        #expect(try await read(.bytes(form), contentType: "Multipart/Form-Data; Boundary=\"b0\"") == expected)
    }

    @Test func aPartThatIsNotReadIsPassedOver() async throws {
        let reader = try MultipartReader(body(form, split: 7), contentType: "multipart/form-data; boundary=b0")
        let first = try #require(try await reader.next())
        #expect(try await first.next() != nil)
        let second = try #require(try await reader.next())
        #expect(second.name == "file")
        #expect(try await first.next() == nil)
        #expect(try await reader.next()?.name == "last")
        #expect(try await reader.next() == nil)
        #expect(try await reader.next() == nil)
    }

    @Test func aLargePartIsNeverInMemoryAsAWhole() async throws {
        let head = Array("--b0\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n".utf8)
        let piece = [UInt8](repeating: 13, count: 10_000)
        let pulls = Mutex(0)
        let stream = BodyStream(length: nil) {
            let pull = pulls.withLock { pulls in
                pulls += 1
                return pulls
            }
            return pull == 1 ? head : pull <= 1001 ? piece : pull == 1002 ? Array("\r\n--b0--".utf8) : nil
        }
        let reader = try MultipartReader(.stream(stream), contentType: "multipart/form-data; boundary=b0")
        let part = try #require(try await reader.next())
        var total = 0
        var largest = 0
        var reads = 0
        while let piece = try await part.next() {
            total += piece.count
            largest = max(largest, piece.count)
            reads += 1
            // Nothing is read ahead of what is asked for.
            #expect(pulls.withLock { $0 } <= reads + 2)
        }
        #expect(total == 10_000_000)
        #expect(largest <= 20_000)
    }

    @Test(arguments: [
        "", "--b0", "--b0--x", "--b0\r\n", "--b0x\r\n\r\n--b0--", "--b0\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: attachment; name=\"x\"\r\n\r\nx\r\n--b0--", "--b0\r\nno colon\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"x\r\n\r\nx\r\n--b0--",
        "--b0\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nx\r\n--b0",
        "--b0\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nx",
        "--b0\nContent-Disposition: form-data; name=\"x\"\n\nx\n--b0--",
    ])
    func aMalformedBodyIsAnInputError(text: String) async throws {
        guard text != "--b0--x" else { return #expect(try await read(.bytes(Array(text.utf8))) == []) }
        await #expect(throws: MultipartError.self) { try await read(.bytes(Array(text.utf8))) }
    }

    @Test func limitsAreKept() async throws {
        let part = "--b0\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n"
        let many = Array((String(repeating: part, count: 101) + "--b0--").utf8)
        await #expect(throws: MultipartError.self) { try await read(.bytes(many)) }
        let wide = Array("--b0\r\nX: \(String(repeating: "y", count: 9000))\r\n\r\n\r\n--b0--".utf8)
        await #expect(throws: MultipartError.self) { try await read(.bytes(wide)) }
        await #expect(throws: MultipartError.self) { try await read(body(wide, split: 100)) }
        await #expect(throws: MultipartError.self) { try await read(.bytes([UInt8](repeating: 65, count: 100_000))) }
        let reader = try MultipartReader(.bytes(form), contentType: "multipart/form-data; boundary=b0")
        let first = try #require(try await reader.next())
        await #expect(throws: HTTPError.contentTooLarge(limit: 3)) { try await first.collect(upTo: 3) }
    }

    @Test func theContentTypeMustSayItAll() async throws {
        for type in [nil, "application/json", "multipart/mixed; boundary=b0"] {
            #expect(throws: HTTPError.self) { try MultipartReader(.empty, contentType: type) }
        }
        for boundary in ["", "; boundary=\"\"", "; boundary=\"\(String(repeating: "x", count: 71))\"", "; boundary=\"a\u{1}\""] {
            #expect(throws: (any Error).self) { try MultipartReader(.empty, contentType: "multipart/form-data\(boundary)") }
        }
    }

    @Test func randomBodiesNeverDoMoreThanThrow() async throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<3000 {
            let bytes = generator.mutated(form)
            let split = Int.random(in: 1...bytes.count + 1, using: &generator)
            do {
                _ = try await read(body(bytes, split: split))
            } catch {
                #expect(error is MultipartError || error is HTTPError)
            }
        }
    }
}

@Suite struct FuzzTests {
    @Test func randomPathsAndQueriesNeverDoMoreThanMiss() {
        var router = Router<Int>()
        router.add(.get, "/api/projects/{id}/issues", 1)
        router.add(.get, "/api/projects/issues/{x}", 2)
        router.add(.get, "/files/{rest...}", 3)
        var generator = SeededGenerator(seed: 4)
        let seeds = ["/api/projects/%C3%A9/issues", "/api/projects/issues/a%20b", "/files/a/b/../c", "a=b&c=%41+d&e"].map {
            Array($0.utf8)
        }
        for round in 0..<20_000 {
            let bytes = generator.mutated(seeds[round % seeds.count])
            if case .found(_, let parameters) = router.match(.get, bytes[...]) {
                for index in 0..<parameters.count { #expect(parameters.value(at: index) != nil) }
            }
            do {
                _ = try Query(bytes[...])
            } catch {
                #expect(error is QueryError)
            }
            _ = Base64URL.decode(bytes)
            _ = EntityTag.list(bytes[...])
            _ = MediaType(String(decoding: bytes, as: UTF8.self))
            _ = HTTPDate.parse(String(decoding: bytes, as: UTF8.self))
        }
    }
}
