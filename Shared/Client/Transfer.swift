import CCurl
import Glibc
import HTTP
import Loops

/// One request and its answer: libcurl's easy handle, what it calls back into, and the task that waits.
///
/// Unchecked: confined to its loop's thread; `head` is written before anyone else has the stream.
final class Transfer: @unchecked Sendable {
    /// Bytes kept for the reader before the peer is made to wait.
    private static let bufferedBytesMax = 256 * 1024

    let easy: UnsafeMutableRawPointer
    var loop: EventLoop { owner.loop }
    private(set) var head = ResponseHead()
    private let owner: TransferLoop
    private let bytesMax: Int?
    private let followsRedirects: Bool
    private var upload: Upload
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var buffer: [UInt8] = []
    private var isPaused = false
    private var outcome: Result<Void, any Error>?
    private var waiter: CheckedContinuation<Void, Never>?

    /// - Throws: `ClientError.invalidRequest`.
    init(_ request: OutboundRequest, bytesMax: Int?, on owner: TransferLoop) throws(ClientError) {
        guard let easy = curl_easy_init() else { throw .failed("libcurl has no memory left") }
        let upload: Upload
        do { upload = try Upload(request.content) } catch {
            curl_easy_cleanup(easy)
            throw error
        }
        self.easy = easy
        self.owner = owner
        self.bytesMax = bytesMax
        self.upload = upload
        followsRedirects = request.redirectsMax > 0
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        configure(request)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        errorText.deallocate()
        upload.close()
    }

    /// Sends the request, and returns when the answer's head is there.
    func start() async throws {
        owner.add(self)
        while !head.isComplete {
            if let outcome { return try outcome.get() }
            try await wait()
        }
    }

    /// The next piece of content, nil at the end.
    func next() async throws -> [UInt8]? {
        while buffer.isEmpty {
            if let outcome {
                try outcome.get()
                return nil
            }
            try await wait()
        }
        var piece: [UInt8] = []
        swap(&piece, &buffer)
        if isPaused {
            isPaused = false
            owner.resume(self)
        }
        return piece
    }

    /// libcurl has ended the transfer.
    func end(_ code: CURLcode) {
        if code == CURLE_OK {
            outcome = .success(())
        } else {
            outcome = .failure(ClientError(code, String(cString: errorText), limit: bytesMax ?? .max))
        }
        wakeWaiter()
    }

    /// Nobody reads on. From any thread.
    func abandon() {
        if loop.isCurrent { stop(CancellationError()) } else { loop.execute { self.stop(CancellationError()) } }
    }

    private func stop(_ error: any Error) {
        owner.remove(self)
        if outcome == nil { outcome = .failure(error) }
        wakeWaiter()
    }

    private func wait() async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    stop(CancellationError())
                    return continuation.resume()
                }
                waiter = continuation
            }
        } onCancel: {
            abandon()
        }
    }

    private func wakeWaiter() {
        waiter?.resume()
        waiter = nil
    }

    /// Takes a piece of content. The number of bytes taken; `CURL_WRITEFUNC_PAUSE` to be given it again later.
    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        if buffer.count >= Transfer.bufferedBytesMax {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        buffer.append(contentsOf: bytes)
        wakeWaiter()
        return bytes.count
    }

    private func receiveHead(_ line: UnsafeRawBufferPointer) {
        guard !head.isComplete else { return }  // a trailer
        head.add(line)
        guard line.count <= 2 else { return }
        if head.end(status: nexus_curl_response_code(easy), followsRedirects: followsRedirects) { wakeWaiter() }
    }
}

extension Transfer {
    private func configure(_ request: OutboundRequest) {
        // Unretained: the owner keeps the transfer for as long as libcurl may call back.
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = nexus_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        _ = nexus_curl_set_string(easy, CURLOPT_URL, request.url)
        _ = nexus_curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = nexus_curl_set_string(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        _ = nexus_curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        _ = nexus_curl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1)
        _ = nexus_curl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2)
        _ = nexus_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.wholeMilliseconds)
        if let timeout = request.timeout { _ = nexus_curl_set_long(easy, CURLOPT_TIMEOUT_MS, timeout.wholeMilliseconds) }
        if let bytesMax { _ = nexus_curl_set_size(easy, CURLOPT_MAXFILESIZE_LARGE, Int64(bytesMax)) }
        if request.redirectsMax > 0 {
            _ = nexus_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 1)
            _ = nexus_curl_set_long(easy, CURLOPT_MAXREDIRS, request.redirectsMax)
        }
        if let path = request.unixSocket {
            _ = nexus_curl_set_string(easy, CURLOPT_UNIX_SOCKET_PATH, path)
            _ = nexus_curl_set_string(easy, CURLOPT_PROXY, "")
        }
        configureContent(request, context)
        setHeaders(request.headers)
        _ = nexus_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        _ = nexus_curl_set_transfer_function(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.from(context).receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        _ = nexus_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        _ = nexus_curl_set_transfer_function(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.from(context).receiveHead(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
    }

    private func configureContent(_ request: OutboundRequest, _ context: UnsafeMutableRawPointer) {
        switch request.method {
        case .head: _ = nexus_curl_set_long(easy, CURLOPT_NOBODY, 1)
        case .get where upload.length == 0: _ = nexus_curl_set_long(easy, CURLOPT_HTTPGET, 1)
        case .delete where upload.length == 0, .options where upload.length == 0:
            _ = nexus_curl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method.name.description)
        default:
            _ = nexus_curl_set_long(easy, CURLOPT_UPLOAD, 1)
            _ = nexus_curl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method.name.description)
            _ = nexus_curl_set_size(easy, CURLOPT_INFILESIZE_LARGE, Int64(upload.length))
            _ = nexus_curl_set_pointer(easy, CURLOPT_READDATA, context)
            _ = nexus_curl_set_transfer_function(easy, CURLOPT_READFUNCTION) { bytes, size, count, context in
                Transfer.from(context).upload.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
            }
            _ = nexus_curl_set_seek_function(
                easy,
                { context, offset, origin in
                    guard origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
                    Transfer.from(context).upload.offset = Int(offset)
                    return CURL_SEEKFUNC_OK
                }, context)
        }
    }

    private func setHeaders(_ headers: Headers) {
        // No waiting for 100 Continue: the content is small, and not every peer answers one.
        headerList = curl_slist_append(nil, "Expect:")
        for field in headers.fields {
            let name = String(decoding: headers.bytes[field.name], as: UTF8.self)
            let value = String(decoding: headers.bytes[field.value], as: UTF8.self)
            // A semicolon is how libcurl is told of a field without a value.
            headerList = curl_slist_append(headerList, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        _ = nexus_curl_set_pointer(easy, CURLOPT_HTTPHEADER, headerList)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer {
        guard let context else { preconditionFailure("libcurl gives back the context that it was given") }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }
}

extension Duration {
    /// At least one: to libcurl, zero means no limit.
    var wholeMilliseconds: Int { max(1, Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)) }
}
