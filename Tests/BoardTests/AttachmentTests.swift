import Glibc
import HTTP
import Identity
import Models
import Service
import Storage
import SuiteTesting
import Synchronization
import Testing

@testable import Board

/// Files of issues: streamed, kept once, and gone with the last that refers to them.
@Suite struct AttachmentTests {
    private static let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"
    private static let end = "\r\n--b--\r\n"

    private func send(_ bench: BoardBench, _ path: String, _ body: Body) async throws -> TestAnswer {
        let host = try #require(bench.bench.hosts[.board])
        var headers = Headers()
        headers.add(
            InternalAssertion.header,
            try bench.bench.base.signer.header(for: TestBench.user(.manager), now: bench.bench.base.clock.now()))
        headers.add("content-type", "multipart/form-data; boundary=b".utf8)
        let request = Request(.post, path, headers: headers, body: body)
        let answering: Task<TestAnswer, any Error> = bench.bench.base.loops.next().task {
            let response = await host.respond(to: request)
            return TestAnswer(response: response, bytes: try await response.wholeBody(upTo: 1 << 20))
        }
        return try await answering.value
    }

    private func upload(_ bench: BoardBench, _ issue: String, _ content: String) async throws -> TestAnswer {
        let form = Array((Self.head + content + Self.end).utf8)
        return try await send(bench, "/api/projects/issues/\(issue)/attachments", .bytes(form))
    }

    /// The files below the folder of attachments.
    private func files(_ bench: BoardBench) -> [String] {
        var found: [String] = []
        func walk(_ folder: String) {
            guard let directory = opendir(folder) else { return }
            defer { closedir(directory) }
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                guard name != ".", name != ".." else { continue }
                var status = stat()
                guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR { walk("\(folder)/\(name)") } else { found.append(name) }
            }
        }
        walk(bench.bench.folder + "/attachments")
        return found
    }

    private func eventuallyFiles(_ bench: BoardBench, _ count: Int) async -> Int {
        let end = ContinuousClock.now + .seconds(10)
        while files(bench).count != count, ContinuousClock.now < end { await Task.yield() }
        return files(bench).count
    }

    @Test func theSameContentIsKeptOnceAndGoesWithItsLastAttachment() async throws {
        let bench = try await BoardBench()
        let (one, two) = (try await bench.issue("One"), try await bench.issue("Two"))
        let first = try await upload(bench, one, "hello")
        #expect(first.status == 201, "\(first.text)")
        let second = try await upload(bench, two, "hello")
        #expect(try first.json()["sha256"] == second.json()["sha256"])
        #expect(files(bench).count == 1)
        let id = try #require(try first.json()["id"]?.string)
        #expect(try await bench.send(.delete, "/api/projects/attachments/\(id)").status == 204)
        let left = try #require(try second.json()["downloadUrl"]?.string)
        #expect(try await bench.send(.get, left).text == "hello")
        #expect(try await bench.send(.delete, "/api/issues/\(two)").status == 204)
        #expect(await eventuallyFiles(bench, 0) == 0)
        #expect(try await bench.send(.get, left).status == 404)
        #expect(try await upload(bench, one, "hello").status == 201)
        #expect(files(bench).count == 1)
        await bench.bench.stop()
    }

    @Test func whatBreaksOffOrIsTooLargeLeavesNothing() async throws {
        let bench = try await BoardBench { $0.attachmentBytesMax = 100_000 }
        let issue = try await bench.issue("One")
        let path = "/api/projects/issues/\(issue)/attachments"
        #expect(try await upload(bench, issue, String(repeating: "x", count: 100_001)).status == 413)
        #expect(try await upload(bench, issue, String(repeating: "x", count: 100_000)).status == 201)
        #expect(try await send(bench, path, .bytes(Array(Self.head.utf8) + Array("half".utf8))).status == 400)
        let pieces = Mutex([Array(Self.head.utf8), Array("some".utf8)])
        let broken = BodyStream(length: nil) {
            struct Gone: Error {}
            let piece = pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let piece else { throw HTTPError(.badRequest, "the client has gone") }
            return piece
        }
        #expect(try await send(bench, path, .stream(broken)).status == 400)
        let other = "--b\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nno file\r\n--b--\r\n"
        #expect(try await send(bench, path, .bytes(Array(other.utf8))).status == 400)
        #expect(files(bench).count == 1)
        #expect(try await bench.send(.get, path).json().count == 1)
        await bench.bench.stop()
    }

    @Test func whatACrashHasLeftGoesAtTheStart() async throws {
        let bench = try await BoardBench()
        let issue = try await bench.issue("One")
        #expect(try await upload(bench, issue, "kept").status == 201)
        await bench.bench.stop()
        let folder = bench.bench.folder + "/attachments"
        let orphan = String(repeating: "ab", count: 32)
        mkdir("\(folder)/ab", 0o700)
        for path in ["\(folder)/uploads/half", "\(folder)/ab/\(orphan)"] {
            let file = open(path, O_CREAT | O_WRONLY, 0o600)
            #expect(file >= 0)
            close(file)
        }
        #expect(files(bench).count == 3)
        let again = try await BoardBench(folder: bench.bench.folder)
        #expect(await eventuallyFiles(again, 1) == 1)
        #expect(try await again.send(.get, "/api/projects/issues/\(issue)/attachments").json().count == 1)
        await again.bench.stop()
    }

    @Test func noFileNameLeavesItsField() async throws {
        let bench = try await BoardBench()
        let issue = try await bench.issue("One")
        for name in [#"..\\..\\etc\\passwd"#, "ünï.txt", #"a\"b.txt"#, "x%22.html"] {
            let form =
                "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\ncontent-type: text/html\r\n\r\n"
            let made = try await send(
                bench, "/api/projects/issues/\(issue)/attachments", .bytes(Array((form + "<script>" + Self.end).utf8)))
            #expect(made.status == 201, "\(made.text)")
            let file = try await bench.send(.get, try #require(try made.json()["downloadUrl"]?.string))
            let disposition = try #require(file.header("content-disposition"))
            #expect(disposition.hasPrefix("attachment; filename=\""), "\(disposition)")
            #expect(disposition.utf8.allSatisfy { (32..<127).contains($0) } && !disposition.contains("/"), "\(disposition)")
            #expect(file.header("x-content-type-options") == "nosniff")
        }
        await bench.bench.stop()
    }
}

extension JSONValue {
    /// How many items an array has.
    var count: Int { if case .array(let items) = self { items.count } else { -1 } }
}
