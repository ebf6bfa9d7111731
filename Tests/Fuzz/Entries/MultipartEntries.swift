import Dispatch
import HTTP
import Synchronization

/// Forms with files.
enum MultipartEntries {
    static func multipart(_ bytes: [UInt8]) throws {
        let whole = read(.bytes(bytes))
        let pieces = Mutex(Array(Cuts.pieces(bytes).reversed()))
        let cut = read(.stream(BodyStream(length: nil) { pieces.withLock { $0.popLast().map { Array($0) } } }))
        try Finding.unless(whole == cut, "cut it is another form: \(whole) \(cut)")
    }

    /// The parts, or that there is something wrong with them.
    private static func read(_ body: Body) -> [String] {
        let result = Mutex<[String]>([])
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            var parts: [String] = []
            do {
                let reader = try MultipartReader(body, contentType: "multipart/form-data; boundary=b0")
                while let part = try await reader.next() {
                    let content = try await part.collect(upTo: 1 << 20)
                    parts.append("\(part.name) \(part.fileName ?? "-") \(part.contentType ?? "-") \(content)")
                }
            } catch {
                parts = ["refused"]
            }
            result.withLock { $0 = parts }
            done.signal()
        }
        done.wait()
        return result.withLock { $0 }
    }
}
