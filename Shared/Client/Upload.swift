import CCurl
import Glibc

/// A request's content on its way out.
struct Upload {
    let length: Int
    /// Where the next byte is taken from; libcurl sets it back to send again on a new connection.
    var offset = 0
    private let bytes: [UInt8]
    private let file: Int32

    /// - Throws: `ClientError.invalidRequest` when a file cannot be read.
    init(_ content: OutboundRequest.Content) throws(ClientError) {
        switch content {
        case .empty: (bytes, file, length) = ([], -1, 0)
        case .bytes(let bytes): (self.bytes, file, length) = (bytes, -1, bytes.count)
        case .file(let path):
            file = open(path, O_RDONLY | O_CLOEXEC)
            var status = stat()
            guard file >= 0, fstat(file, &status) == 0 else {
                let reason = String(cString: strerror(errno))
                if file >= 0 { Glibc.close(file) }
                throw .invalidRequest("\(path): \(reason)")
            }
            (bytes, length) = ([], Int(status.st_size))
        }
    }

    func close() { if file >= 0 { Glibc.close(file) } }

    /// The number of bytes put into `buffer`; 0 at the end. A file that turns out shorter than it was ends the transfer.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, length - offset)
        guard count > 0 else { return 0 }
        if file < 0 {
            bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
            offset += count
            return count
        }
        let read = pread(file, buffer.baseAddress, count, off_t(offset))
        guard read > 0 else { return Int(CURL_READFUNC_ABORT) }
        offset += read
        return read
    }
}
