import HTTP
import Loops
import Models
import Service
import Testing

/// W3C Trace Context, Level 1: what is taken for a `traceparent`, and what is not.
@Suite struct TraceContextTests {
    private static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func aValidTraceparentIsReadAndWrittenAgain() throws {
        let context = try #require(TraceContext(Self.valid))
        #expect(context.traceparent == Self.valid)
        #expect(context.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.isSampled)
        #expect(try #require(TraceContext(Self.valid.dropLast(2) + "00")).isSampled == false)
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what", "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-001", " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473\u{e9}-00f067aa0ba902b7-1",
    ])
    func whatIsNoTraceparentBeginsANewTrace(_ text: String) {
        #expect(TraceContext(text) == nil)
    }

    @Test(arguments: ["cc-\(valid.dropFirst(3))", "cc-\(valid.dropFirst(3))-what-the-future-brings"])
    func aVersionOfTheFutureIsReadAsFarAsItIsKnown(_ text: String) throws {
        #expect(try #require(TraceContext(text)).traceparent == Self.valid)
    }

    @Test func twoTraceparentsAreNone() {
        var headers = Headers()
        headers.add("traceparent", Self.valid)
        #expect(TraceContext(of: headers) != nil)
        headers.add("traceparent", Self.valid)
        #expect(TraceContext(of: headers) == nil)
    }

    @Test func idsDiffer() throws {
        let group = try EventLoopGroup(count: 1)
        defer { group.shutdown() }
        let tracer = Tracer(group, log: Log(service: "test", write: Log.silent))
        let traces = (0..<1000).map { _ in tracer.span(of: nil) }
        #expect(Set(traces.map(\.traceID)).count == 1000)
        #expect(Set(traces.map(\.spanID)).count == 1000)
        let child = tracer.span(of: traces[0])
        #expect(child.traceID == traces[0].traceID)
        #expect(child.spanID != traces[0].spanID)
    }
}
