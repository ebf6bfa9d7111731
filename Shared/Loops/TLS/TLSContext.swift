import COpenSSL

/// The settings of one TLS server and its keys, as they were read once. Any thread makes sessions of it.
final class TLSContext: @unchecked Sendable {  // Not changed after init; OpenSSL counts references to it atomically.
    /// TLS 1.2: forward secrecy and authenticated encryption, nothing else. The suites of TLS 1.3 are all of that kind.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
    private static let groups = "X25519:P-256:P-384"
    /// Authorities between a client's certificate and a root; a longer chain is made to cost time.
    private static let clientChainMax: Int32 = 8
    /// Seconds that a session can be resumed. The keys of its tickets live as long as this context, no longer than that.
    private static let resumptionSeconds = 12 * 60 * 60

    let pointer: OpaquePointer
    let certificate: TLSCertificate

    /// Reads the files.
    /// - Throws: `TLSError.unusable`.
    init(_ configuration: TLSConfiguration) throws(TLSError) {
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw .unusable(TLSError.takeReason()) }
        do throws(TLSError) {
            TLSContext.restrict(pointer)
            TLSContext.allowResumption(pointer)
            SSL_CTX_set_alpn_select_cb(pointer, TLSContext.selectProtocol, nil)
            certificate = try TLSContext.load(configuration, into: pointer)
            try TLSContext.askClients(configuration, pointer)
        } catch {
            SSL_CTX_free(pointer)
            throw error
        }
        self.pointer = pointer
    }

    deinit { SSL_CTX_free(pointer) }

    private static func restrict(_ pointer: OpaquePointer) {
        set(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION))
        SSL_CTX_set_options(
            pointer,
            NEXUS_SSL_OP_NO_COMPRESSION | NEXUS_SSL_OP_NO_RENEGOTIATION | NEXUS_SSL_OP_CIPHER_SERVER_PREFERENCE
                | NEXUS_SSL_OP_PRIORITIZE_CHACHA)
        // A record at a time is written, from memory that may have moved by the next try; an idle session holds no buffers.
        set(
            pointer, SSL_CTRL_MODE,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS))
        // Header and content of a record in one read.
        set(pointer, SSL_CTRL_SET_READ_AHEAD, 1)
        SSL_CTX_set_cipher_list(pointer, ciphers)
        _ = groups.withCString { SSL_CTX_ctrl(pointer, SSL_CTRL_SET_GROUPS_LIST, 0, UnsafeMutableRawPointer(mutating: $0)) }
    }

    /// By tickets, which the client keeps: any loop understands them, and nothing is kept here.
    private static func allowResumption(_ pointer: OpaquePointer) {
        set(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF))
        SSL_CTX_set_timeout(pointer, resumptionSeconds)
        // Without it, a server that asks for certificates refuses to resume.
        let name: [UInt8] = Array("nexus".utf8)
        SSL_CTX_set_session_id_context(pointer, name, UInt32(name.count))
    }

    private static func load(_ configuration: TLSConfiguration, into pointer: OpaquePointer) throws(TLSError) -> TLSCertificate {
        ERR_clear_error()
        // Where a key has a passphrase, OpenSSL would ask for it at the terminal.
        SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in 0 }
        guard SSL_CTX_use_certificate_chain_file(pointer, configuration.certificateFile) == 1 else {
            throw .unusable("\(configuration.certificateFile): no certificate can be read: \(TLSError.takeReason())")
        }
        guard SSL_CTX_use_PrivateKey_file(pointer, configuration.keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw .unusable("\(configuration.keyFile): no key of that certificate can be read: \(TLSError.takeReason())")
        }
        guard SSL_CTX_check_private_key(pointer) == 1, let certificate = SSL_CTX_get0_certificate(pointer) else {
            throw .unusable("\(configuration.keyFile): not the certificate's key: \(TLSError.takeReason())")
        }
        return TLSCertificate(certificate)
    }

    private static func askClients(_ configuration: TLSConfiguration, _ pointer: OpaquePointer) throws(TLSError) {
        guard let file = configuration.clientAuthoritiesFile else { return }
        guard SSL_CTX_load_verify_file(pointer, file) == 1, let names = SSL_load_client_CA_file(file) else {
            throw .unusable("\(file): no authorities can be read: \(TLSError.takeReason())")
        }
        // Told to clients, which choose by it what they show; the context owns it from here on.
        SSL_CTX_set_client_CA_list(pointer, names)
        let required = configuration.clientCertificate == .required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | required, nil)
        SSL_CTX_set_verify_depth(pointer, clientChainMax)
    }

    /// `http/1.1` when the client offers it; a client that offers protocols, and not this one, is refused (RFC 7301 §3.2).
    private static let selectProtocol: SSL_CTX_alpn_select_cb_func = { _, selected, selectedCount, offered, count, _ in
        guard let offered, let selected, let selectedCount else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        let list = UnsafeBufferPointer(start: offered, count: Int(count))
        var start = 0
        while start < list.count {
            let name = (start + 1)..<min(list.count, start + 1 + Int(list[start]))
            if list[name].elementsEqual("http/1.1".utf8) {
                selected.pointee = offered + name.lowerBound
                selectedCount.pointee = UInt8(name.count)
                return SSL_TLSEXT_ERR_OK
            }
            start = name.upperBound
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    private static func set(_ pointer: OpaquePointer, _ command: Int32, _ value: Int) {
        SSL_CTX_ctrl(pointer, command, value, nil)
    }
}
