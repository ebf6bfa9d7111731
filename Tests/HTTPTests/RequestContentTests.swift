import Loops
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1)))
struct RequestContentTests {
    @Test func aShortBodyThatIsThereAlreadyIsHandedOverWhole() async throws {
        try await withServer { request in
            if case .bytes(let bytes) = request.body { .text("whole \(bytes.count)") } else { .text("not whole") }
        } _: { test in
            let answer = try await test.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd")
            #expect(answer.text == "whole 4")
        }
    }

    @Test(arguments: [true, false])
    func aLongBodyIsStreamedEitherWay(isChunked: Bool) async throws {
        try await withServer { request in
            .text(await length(of: request.body))
        } _: { test in
            let client = try await test.client()
            let piece = String(repeating: "x", count: 100_000)
            for _ in 0..<2 {
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\n")
                try await client.send(isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: 1000000\r\n\r\n")
                for _ in 0..<10 { try await client.send(isChunked ? "186a0\r\n\(piece)\r\n" : piece) }
                if isChunked { try await client.send("0\r\n\r\n") }
                #expect(try await client.answer().text == "1000000")
            }
            client.close()
        }
    }

    @Test func continueIsSentWhenTheHandlerWantsTheBody() async throws {
        try await withServer { request in
            .text(await length(of: request.body))
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("abc")
            let answer = try await client.answer()
            #expect(answer.text == "3")
            #expect(answer.keepsAlive)
            client.close()
        }
    }

    @Test func aRefusedBodyIsNotAskedForAndTheConnectionEnds() async throws {
        try await withServer { _ in
            .text("no", status: .contentTooLarge)
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == .contentTooLarge)
            #expect(answer.headers["connection"] == "close")
            #expect(try await client.readToEnd().isEmpty)
            client.close()
        }
    }

    @Test func anUnwantedShortBodyIsDroppedAndTheConnectionGoesOn() async throws {
        try await withServer { _ in
            .text("ok")
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            #expect(try await client.answer().keepsAlive)
            try await client.send(String(repeating: "x", count: 100_000))
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for _ in 0..<2 { #expect(try await client.answer().text == "ok") }
            client.close()
        }
    }

    @Test func anUnwantedLongBodyEndsTheConnectionAndTheAnswerArrives() async throws {
        try await withServer { _ in
            .text("no", status: .contentTooLarge)
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
            try await client.send(String(repeating: "x", count: 500_000))
            let answer = try await client.answer()
            #expect(answer.status == .contentTooLarge)
            #expect(answer.headers["connection"] == "close")
            client.close()
        }
    }

    @Test func nothingIsReadBeforeItIsPulled() async throws {
        let gate = Signal()
        let total = 64_000_000
        try await withServer { request in
            await gate.wait()
            return .text(await length(of: request.body))
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 120, count: 1_000_000)
            var sent = 0
            while true {
                let rest = Array(piece.prefix(total - sent))
                guard let count = try rest.withUnsafeBytes({ try client.channel.write($0) }) else {
                    do {
                        try await client.channel.waitWritable(.milliseconds(300))
                    } catch ChannelError.timedOut {
                        break
                    }
                    continue
                }
                sent += count
                if sent == total { break }
            }
            #expect(sent < total / 2, "the kernel's buffers hold no more than this")
            gate.fire()
            while sent < total {
                let rest = Array(piece.prefix(total - sent))
                try await client.channel.writeAll(rest)
                sent += rest.count
            }
            #expect(try await client.answer().text == "\(total)")
            client.close()
        }
    }

    @Test func aBodyThatEndsEarlyIsAnErrorToItsHandler() async throws {
        let seen = Shared("")
        try await withServer { request in
            let text = await length(of: request.body)
            seen.withLock { $0 = text }
            return .text(text, status: .badRequest)
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc")
            client.channel.shutDownWriting()
            let answer = try await client.answer()
            #expect(answer.status == .badRequest)
            #expect(answer.text.hasPrefix("failed after 3"))
            #expect(!answer.keepsAlive)
            client.close()
        }
    }

    @Test func aBadChunkIsAnErrorToItsHandlerAndEndsTheConnection() async throws {
        try await withServer { request in
            .text(await length(of: request.body), status: .badRequest)
        } _: { test in
            let client = try await test.client()
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\nGET / HTTP/1.1\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.text.contains("failed"))
            #expect(try await client.readToEnd().isEmpty)
            client.close()
        }
    }

    @Test func aBodyThatStopsComingTimesOut() async throws {
        var limits = HTTPLimits()
        limits.bodyTimeout = .milliseconds(50)
        try await withServer(limits: limits) { request in
            .text(await length(of: request.body))
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            let answer = try await client.answer()
            #expect(answer.text.contains("took too long"))
            #expect(!answer.keepsAlive)
            client.close()
        }
    }

    @Test func aBodyKeptBeyondItsRequestGivesNothingOfTheNext() async throws {
        let kept = Shared<Body?>(nil)
        try await withServer { request in
            if request.method == .post {
                kept.withLock { $0 = request.body }
                return .text("kept")
            }
            guard let body = kept.current else { return .text("none") }
            return .text(await length(of: body))
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            #expect(try await client.answer().text == "kept")
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecret")
            #expect(try await client.answer().text.hasPrefix("failed after 0"))
            client.close()
        }
    }

    @Test func aBodyCanBeReadFromAnotherThread() async throws {
        try await withServer { request in
            let body = request.body
            // Unstructured on purpose: this one runs on the runtime's own threads.
            return .text(await Task.detached { await length(of: body) }.value)
        } _: { test in
            let client = try await test.client()
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
            try await client.send(String(repeating: "x", count: 300_000))
            #expect(try await client.answer().text == "300000")
            client.close()
        }
    }
}
