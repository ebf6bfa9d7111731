/// Writes a request's head for an upstream, from the ranges of the head that was received.
enum RequestHeadWriter {
    /// Appends the head. Framing fields are written as the body says; `Host` is the client's own, or `host` when there is none.
    static func write(_ request: Request, host: [UInt8], into output: inout [UInt8]) {
        if request.method == .other, let token = request.otherMethod {
            output.append(contentsOf: token.utf8)
        } else {
            append(request.method.name, &output)
        }
        output.append(32)
        output.append(contentsOf: request.target)
        append(" HTTP/1.1\r\n", &output)
        if request.headers.count("host") != 1 {
            append("host: ", &output)
            output.append(contentsOf: host)
            append("\r\n", &output)
        }
        fields(request.headers, &output)
        framing(request, &output)
        append("\r\n", &output)
    }

    /// Whether the request line of `request` is one line of three words: whoever made its target of names and values may have
    /// forgotten to escape them.
    static func isSound(_ request: Request) -> Bool {
        if let token = request.otherMethod, request.method == .other {
            guard !token.isEmpty, token.utf8.allSatisfy({ Characters.isToken($0) }) else { return false }
        }
        // The pointer is used within the closure only.
        return !request.target.isEmpty
            && request.target.withUnsafeBufferPointer { $0.allSatisfy { Characters.isTarget($0) } }
    }

    private static func framing(_ request: Request, _ output: inout [UInt8]) {
        if let length = request.body.length {
            // A method that is expected to have content says that it has none (RFC 9110 §8.6).
            guard length > 0 || request.method == .post || request.method == .put || request.method == .patch else { return }
            append("content-length: ", &output)
            output.append(contentsOf: String(length).utf8)
            append("\r\n", &output)
        } else {
            append("transfer-encoding: chunked\r\n", &output)
        }
    }

    /// Neighbours in the received head are copied together, with the line ends between them.
    private static func fields(_ headers: Headers, _ output: inout [UInt8]) {
        let listed = HopByHop.listedNames(headers)
        let hostCount = headers.count("host")
        var run = 0..<0
        for field in headers.fields {
            if !HopByHop.keeps(field, of: headers, listed) { continue }
            if hostCount != 1, headers.matches(field, "host") { continue }
            if Int(field.nameStart) == run.upperBound + 2, !run.isEmpty, !field.isAdded,
                headers.bytes[run.upperBound] == 13, headers.bytes[run.upperBound + 1] == 10
            {
                run = run.lowerBound..<Int(field.valueEnd)
                continue
            }
            flush(headers, run, &output)
            if !field.isAdded {
                run = Int(field.nameStart)..<Int(field.valueEnd)
            } else {
                run = 0..<0
                output.append(contentsOf: headers.bytes[field.name])
                append(": ", &output)
                output.append(contentsOf: headers.bytes[field.value])
                append("\r\n", &output)
            }
        }
        flush(headers, run, &output)
    }

    private static func flush(_ headers: Headers, _ run: Range<Int>, _ output: inout [UInt8]) {
        guard !run.isEmpty else { return }
        output.append(contentsOf: headers.bytes[run])
        append("\r\n", &output)
    }

    @inline(__always) private static func append(_ text: StaticString, _ output: inout [UInt8]) {
        // unsafe: a StaticString's bytes are immortal
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
