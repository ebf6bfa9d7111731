import HTTP
import Identity
import Models
import Service

/// One request, as the access log tells it: a JSON object on a line.
///
/// Written by hand, straight into the loop's buffer: it stands in every request's way. Text from outside is ASCII in the log
/// whatever it was on the wire, so that no line can be forged or broken.
struct AccessLine {
    /// Of a path; the query is never logged, since it may hold secrets.
    static let pathBytesMax = 1024
    static let userAgentBytesMax = 256
    /// What a line takes as a rule.
    static let usualBytesMax = 1024

    let record: RequestRecord
    /// Nil when what came was no request.
    let request: Request?
    let outcome: ExchangeOutcome
    let time: Timestamp
    let durationNanoseconds: UInt64

    func append(to line: inout [UInt8], _ clock: inout LineClock) {
        AccessLine.word("{\"time\":\"", &line)
        clock.append(time, to: &line)
        AccessLine.word("\",\"request_id\":\"", &line)
        line.append(contentsOf: record.id)
        AccessLine.word("\",\"trace_id\":\"", &line)
        record.trace.appendTraceID(to: &line)
        appendPeer(&line)
        if let request { appendTarget(of: request, &line) }
        if let pattern = record.pattern {
            AccessLine.word("\",\"route\":\"", &line)
            line.append(contentsOf: pattern.utf8)
        }
        if let subject = request?.tls?.certificate?.subject {
            AccessLine.word("\",\"client_certificate\":\"", &line)
            AccessLine.text(subject, &line)
        }
        appendPrincipal(&line)
        if let upstream = record.upstream {
            AccessLine.word("\",\"upstream\":\"", &line)
            line.append(contentsOf: upstream.utf8)
        }
        AccessLine.word("\",\"status\":", &line)
        AccessLine.number(Int(outcome.status.code), &line)
        AccessLine.word(",\"bytes_in\":", &line)
        AccessLine.number(outcome.bytesIn, &line)
        AccessLine.word(",\"bytes_out\":", &line)
        AccessLine.number(outcome.bytesOut, &line)
        AccessLine.word(",\"duration_ms\":", &line)
        AccessLine.milliseconds(durationNanoseconds, &line)
        if record.upstream != nil {
            AccessLine.word(",\"upstream_ms\":", &line)
            AccessLine.milliseconds(record.upstreamNanoseconds, &line)
        }
        if outcome.isAborted { AccessLine.word(",\"aborted\":true", &line) }
        if let agent = request?.headers.value("user-agent") {
            AccessLine.word(",\"user_agent\":\"", &line)
            AccessLine.text(agent.prefix(AccessLine.userAgentBytesMax), &line)
            line.append(UInt8(ascii: "\""))
        }
        AccessLine.word("}\n", &line)
    }

    /// The line that tells of lines that were lost.
    static func dropped(_ count: Int, at time: Timestamp) -> [UInt8] {
        var line: [UInt8] = []
        var clock = LineClock()
        word("{\"time\":\"", &line)
        clock.append(time, to: &line)
        word("\",\"message\":\"lines were dropped\",\"dropped\":", &line)
        number(count, &line)
        word("}\n", &line)
        return line
    }

    private func appendPeer(_ line: inout [UInt8]) {
        AccessLine.word("\",\"peer\":\"", &line)
        switch record.client ?? outcome.peer {
        case .tcp(let address, let port):
            line.append(contentsOf: address.utf8)
            line.append(UInt8(ascii: ":"))
            AccessLine.number(Int(port), &line)
        case .unix: AccessLine.word("unix", &line)
        case .inProcess: AccessLine.word("in-process", &line)
        }
    }

    private func appendTarget(of request: Request, _ line: inout [UInt8]) {
        AccessLine.word("\",\"method\":\"", &line)
        if request.method == .other, let token = request.otherMethod {
            AccessLine.text(Array(token.utf8)[...], &line)
        } else {
            AccessLine.word(request.method.name, &line)
        }
        AccessLine.word("\",\"path\":\"", &line)
        AccessLine.text(request.path.prefix(AccessLine.pathBytesMax), &line)
    }

    private func appendPrincipal(_ line: inout [UInt8]) {
        guard let principal = record.caller?.principal else { return }
        AccessLine.word("\",\"principal\":\"", &line)
        line.append(contentsOf: principal.kind.rawValue.utf8)
        line.append(UInt8(ascii: ":"))
        AccessLine.text(principal.id, &line)
        AccessLine.word("\",\"workspace\":\"", &line)
        AccessLine.text(asked.map { principal.workspace(asked: $0) } ?? principal.homeWorkspace, &line)
    }

    /// The workspace that the request names, when it names one.
    private var asked: String? {
        guard let request else { return nil }
        let query = request.query
        // try?: a query that cannot be read names nothing, and was refused.
        if !query.isEmpty, let named = try? Query(query)["workspace_id"] { return named }
        return request.headers["x-workspace-id"]
    }

    @inline(__always) private static func word(_ word: StaticString, _ line: inout [UInt8]) {
        // unsafe: a StaticString's bytes are immortal
        line.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private static func text(_ text: String, _ line: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            if bytes.allSatisfy(isPlain) { line.append(contentsOf: bytes) } else { for byte in bytes { escape(byte, &line) } }
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>, _ line: inout [UInt8]) {
        if bytes.allSatisfy(isPlain) { return line.append(contentsOf: bytes) }
        for byte in bytes { escape(byte, &line) }
    }

    @inline(__always) private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 32 && byte < 127 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Any byte that is not plain, as the code point of its number.
    private static func escape(_ byte: UInt8, _ line: inout [UInt8]) {
        if isPlain(byte) { return line.append(byte) }
        word("\\u00", &line)
        for digit in [byte >> 4, byte & 15] { line.append(digit < 10 ? digit + 48 : digit + 87) }
    }

    private static func number(_ number: Int, _ line: inout [UInt8]) {
        if number >= 10 { AccessLine.number(number / 10, &line) }
        line.append(UInt8(48 + number % 10))
    }

    /// Milliseconds with three decimals.
    private static func milliseconds(_ nanoseconds: UInt64, _ line: inout [UInt8]) {
        let microseconds = Int(nanoseconds / 1000)
        number(microseconds / 1000, &line)
        line.append(46)
        let fraction = microseconds % 1000
        line.append(UInt8(48 + fraction / 100))
        line.append(UInt8(48 + fraction / 10 % 10))
        line.append(UInt8(48 + fraction % 10))
    }
}
