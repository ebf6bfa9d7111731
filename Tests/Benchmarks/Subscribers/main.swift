// Many subscribers of one stream, on one thread: for measuring how fast a server fans out.
//
//   bench-subscribers ADDRESS PATH COUNT LINES [HEADER…]
//
// Prints `open` when all have their answer's head. Reads until each has seen the lines `@1;` … `@LINES;`, prints `done`, and
// ends; a line that is missing, twice or out of order ends it with 1. With LINES 0 it holds the streams until its input ends.
import Glibc
import Loops

/// Says a line on a descriptor, at once.
func tell(_ line: String, on descriptor: Int32 = STDOUT_FILENO) {
    let bytes = Array("\(line)\n".utf8)
    // Whoever started this has gone when it cannot be written, and there is nobody left to tell.
    _ = write(descriptor, bytes, bytes.count)
}

let arguments = CommandLine.arguments
guard arguments.count >= 5, let address = SocketAddress(arguments[1]), let count = Int(arguments[3]),
    let lines = Int(arguments[4])
else {
    tell("bench-subscribers ADDRESS PATH COUNT LINES [HEADER…]", on: STDERR_FILENO)
    exit(2)
}
let headers = (["Accept: text/event-stream"] + arguments[5...]).joined(separator: "\r\n")
let request = Array("GET \(arguments[2]) HTTP/1.0\r\nHost: localhost\r\n\(headers)\r\n\r\n".utf8)
var limit = rlimit(rlim_cur: 0, rlim_max: 0)
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

let loop = try EventLoopGroup(count: 1).next()
let outcome = await loop.task {
    do {
        var subscribers: [Subscriber] = []
        for _ in 0..<count {
            let subscriber = Subscriber(try await Channel.connect(to: address))
            try await subscriber.open(request)
            subscribers.append(subscriber)
        }
        tell("open")
        if lines == 0 {
            _ = readLine()
            return true
        }
        let piece = Piece()
        let tasks = subscribers.map { subscriber in loop.task { try await subscriber.read(to: lines, with: piece) } }
        for task in tasks { try await task.value }
        tell("done")
        return true
    } catch {
        tell("bench-subscribers: \(error)", on: STDERR_FILENO)
        return false
    }
}.value
exit(outcome ? 0 : 1)
