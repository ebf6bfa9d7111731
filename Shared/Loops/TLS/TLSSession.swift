import COpenSSL
import Glibc

/// TLS on one channel: OpenSSL, which reads and writes records by the channel's own calls. Confined to its loop.
///
/// So what the channel knows of its descriptor (the edges seen, the short reads that end them) holds for TLS too, and whoever
/// uses the channel need not know of the session.
final class TLSSession: @unchecked Sendable {  // Confined to its loop's thread.
    /// The content of one record (RFC 8446 §5.1).
    static let recordBytesMax = 16 * 1024

    enum Progress { case done, wantsRead, wantsWrite, failed }

    let ssl: OpaquePointer
    // The channel owns the session, and outlives it.
    private unowned let channel: Channel
    /// Nothing more can be said: the protocol is broken, or the socket.
    var isBroken = false
    /// The handshake has taken too long.
    var isLate = false
    /// The first byte that came begins no TLS record but a word.
    private(set) var looksLikeHTTP = false
    private var hasRead = false
    /// The socket has ended. Without the peer's `close_notify` it means the same here: HTTP's own framing tells what is missing.
    private var hasEnded = false
    private var hasSaidEnd = false
    /// Reading cannot go on before something is written (a key update's answer), or the other way round.
    private var readsWhenWritable = false
    private var writesWhenReadable = false
    /// The content of a record that is encrypted, and perhaps sent in part, but has not been taken whole: it must be given again.
    private(set) var bytesBegun = 0
    /// Of those bytes: OpenSSL would not notice others in their place.
    private var digestBegun = 0

    /// - Parameter ssl: which side it is has been set; it belongs to the session from here on.
    /// - Throws: `SystemError` `ENOMEM`; `ssl` is freed then too.
    init(_ ssl: OpaquePointer?, over channel: Channel) throws(SystemError) {
        guard let ssl else { throw SystemError("SSL_new", code: ENOMEM) }
        guard let method = TLSSession.transport, let transport = BIO_new(method) else {
            SSL_free(ssl)
            throw SystemError("BIO_new", code: ENOMEM)
        }
        self.ssl = ssl
        self.channel = channel
        BIO_set_data(transport, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(transport, 1)
        // One reference for both directions, which is what SSL_set_bio takes.
        SSL_set_bio(ssl, transport, transport)
    }

    deinit { SSL_free(ssl) }

    /// What the handshake has told; after `.done`.
    var peer: TLSPeer { TLSPeer(ssl) }

    /// Takes the handshake as far as it goes now.
    func shakeHands() -> Progress {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            // The client's first request may have come with the end of its handshake.
            if SSL_has_pending(ssl) == 1 { channel.reading.isReady = true }
            return .done
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        default:
            isBroken = true
            return .failed
        }
    }

    /// As `Channel.read`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
        if isBroken {
            if hasEnded { return 0 }
            throw SystemError("SSL_read", code: EPROTO)
        }
        ERR_clear_error()
        var count = 0
        let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
        if result == 1 {
            // A short read of the socket has cleared this, but a record may be left here.
            if SSL_has_pending(ssl) == 1 { channel.reading.isReady = true }
            return count
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return nil
        case SSL_ERROR_WANT_WRITE:
            readsWhenWritable = true
            channel.reading.isReady = false
            return nil
        case SSL_ERROR_ZERO_RETURN: return 0
        default:
            isBroken = true
            if hasEnded { return 0 }
            throw SystemError("SSL_read: \(TLSError.takeReason())", code: EPROTO)
        }
    }

    /// As `Channel.write`: at most one record. What would not fit must be given again, with nothing but more behind it.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int? {
        if isBroken { throw SystemError("SSL_write", code: EPIPE) }
        if bytes.isEmpty { return 0 }
        let record = UnsafeRawBufferPointer(rebasing: bytes.prefix(bytesBegun > 0 ? bytesBegun : TLSSession.recordBytesMax))
        if bytesBegun > 0 { try checkGivenAgain(record) }
        ERR_clear_error()
        var count = 0
        let result = SSL_write_ex(ssl, record.baseAddress, record.count, &count)
        if result == 1 {
            bytesBegun = 0
            return count
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_WRITE:
            begin(record)
            return nil
        case SSL_ERROR_WANT_READ:
            begin(record)
            writesWhenReadable = true
            channel.writing.isReady = false
            return nil
        default:
            isBroken = true
            throw SystemError("SSL_write: \(TLSError.takeReason())", code: EPIPE)
        }
    }

    /// As `Channel.write` of two pieces: what fits of both in one record.
    func write(_ first: UnsafeRawBufferPointer, then second: UnsafeRawBufferPointer) throws(SystemError) -> Int? {
        let ofFirst = min(first.count, TLSSession.recordBytesMax)
        let ofSecond = min(second.count, TLSSession.recordBytesMax - ofFirst)
        if ofSecond == 0 { return try write(first) }
        return try writeRecord { record in
            record.copyMemory(from: UnsafeRawBufferPointer(rebasing: first[..<ofFirst]))
            UnsafeMutableRawBufferPointer(rebasing: record[ofFirst...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: second[..<ofSecond]))
            return ofFirst + ofSecond
        }
    }

    /// As `Channel.sendFile`, through memory: at most one record.
    func sendFile(_ file: Int32, offset: Int, count: Int) throws(SystemError) -> Int? {
        try writeRecord { record in
            while true {
                let read = pread(file, record.baseAddress, min(count, record.count), off_t(offset))
                if read >= 0 || errno != EINTR { return read }
            }
        }
    }

    /// Sends `close_notify` (RFC 8446 §6.1), if that is possible at once; nothing can be written after it.
    func end() {
        guard !isBroken, !hasSaidEnd, SSL_is_init_finished(ssl) == 1 else { return }
        hasSaidEnd = true
        ERR_clear_error()
        SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// After an edge: a side that waits for the other one's readiness gets it.
    func crossReadiness() {
        if readsWhenWritable, channel.writing.isReady {
            readsWhenWritable = false
            channel.reading.isReady = true
        }
        if writesWhenReadable, channel.reading.isReady {
            writesWhenReadable = false
            channel.writing.isReady = true
        }
    }

    private func begin(_ record: UnsafeRawBufferPointer) {
        guard bytesBegun == 0 else { return }
        bytesBegun = record.count
        digestBegun = TLSSession.digest(record)
    }

    private func checkGivenAgain(_ record: UnsafeRawBufferPointer) throws(SystemError) {
        if record.count == bytesBegun, TLSSession.digest(record) == digestBegun { return }
        isBroken = true
        throw SystemError("SSL_write of other bytes than were begun", code: EPROTO)
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    /// Writes what `fill` has put into the loop's memory for it; a negative count is an error of the system's.
    private func writeRecord(_ fill: (UnsafeMutableRawBufferPointer) -> Int) throws(SystemError) -> Int? {
        var failure: SystemError?
        // The pointer is used within the closure only.
        let written = channel.loop.recordContent.withUnsafeMutableBytes { record -> Int? in
            let count = fill(record)
            do throws(SystemError) {
                if count < 0 { throw SystemError("read") }
                return try write(UnsafeRawBufferPointer(rebasing: record[..<count]))
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        return written
    }
}

/// OpenSSL's way to the socket: a BIO of our own that asks the channel.
extension TLSSession {
    // Made once, and never changed or freed.
    private nonisolated(unsafe) static let transport: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "channel") else { return nil }
        BIO_meth_set_read(method) { transport, buffer, count in
            TLSSession.behind(transport)?.transportRead(transport, buffer, Int(count)) ?? -1
        }
        BIO_meth_set_write(method) { transport, bytes, count in
            TLSSession.behind(transport)?.transportWrite(transport, bytes, Int(count)) ?? -1
        }
        // Nothing is kept back, so there is nothing to flush; whatever else is asked for does not exist.
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }()

    private static let transportFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY

    private static func behind(_ transport: OpaquePointer?) -> TLSSession? {
        // The session frees the BIO with its SSL, and so outlives it.
        BIO_get_data(transport).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
    }

    private func transportRead(_ transport: OpaquePointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int32 {
        BIO_clear_flags(transport, TLSSession.transportFlags)
        do {
            guard let read = try channel.readDescriptor(into: UnsafeMutableRawBufferPointer(start: buffer, count: count)) else {
                BIO_set_flags(transport, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            if read == 0 { hasEnded = true }
            if !hasRead, read > 0, let buffer {
                hasRead = true
                // A handshake's record begins with 22, a method with a letter.
                looksLikeHTTP = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(UInt8(bitPattern: buffer[0]))
            }
            return Int32(read)
        } catch {
            return -1
        }
    }

    private func transportWrite(_ transport: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
        BIO_clear_flags(transport, TLSSession.transportFlags)
        // Who speaks plain HTTP is answered in it: an alert before that would be noise.
        if looksLikeHTTP { return Int32(count) }
        do {
            guard let written = try channel.writeDescriptor(UnsafeRawBufferPointer(start: bytes, count: count), more: false)
            else {
                BIO_set_flags(transport, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            return Int32(written)
        } catch {
            return -1
        }
    }
}
