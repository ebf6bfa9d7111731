import Glibc

extension FileRegion {
    /// The region's bytes, read at once: for small files and for answers that stay in this process.
    /// - Throws: `HTTPError` 404 when the file cannot be opened or is shorter than the region.
    public func read() throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HTTPError(.notFound, "no such file") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: length)
        var done = 0
        while done < length {
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), length - done, off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw HTTPError(.notFound, "the file is shorter than expected") }
            done += count
        }
        return bytes
    }
}
