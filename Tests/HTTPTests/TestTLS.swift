import COpenSSL
import Glibc
import HTTP
import SuiteTesting
import Testing

@testable import Loops

/// The two ends of TLS in these tests: an authority in a folder of its own, servers with its certificates, and clients.
///
/// With `NEXUS_TEST_TLS=1` in the environment every test of this target that does not say otherwise runs over TLS.
final class TestTLS: Sendable {
    /// Whether the tests of plain HTTP run over TLS.
    static let isForAll = getenv("NEXUS_TEST_TLS").map { String(cString: $0) } == "1"
    /// For all tests that need no certificate in particular.
    static let shared = Result { try TestTLS() }

    let folder: String
    let authority: TestAuthority
    let identity: TestAuthority.Identity

    init() throws {
        folder = TestBench.makeFolder()
        authority = try TestAuthority("authority", in: folder)
        identity = try authority.issue("server.test")
    }

    deinit { removeFolder(folder) }

    var configuration: TLSConfiguration {
        TLSConfiguration(certificateFile: identity.certificateFile, keyFile: identity.keyFile)
    }

    /// What listens in tests that did not choose.
    static func serverForAll() throws -> TLSServer? {
        isForAll ? try TLSServer(try shared.get().configuration) : nil
    }

    /// Connects to it.
    static func connect(to address: ListenAddress) async throws -> Channel {
        let channel = try await Channel.connect(to: address)
        if isForAll { try await TLSTestClient(trusting: try shared.get().authority.certificateFile).secure(channel) }
        return channel
    }
}

/// Removes a folder that holds nothing but files.
private func removeFolder(_ folder: String) {
    guard let directory = opendir(folder) else { return }
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            // The kernel's own zero-terminated array, imported as a tuple.
            tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink("\(folder)/\(name)")
    }
    closedir(directory)
    rmdir(folder)
}

/// A client's side of TLS over a channel of ours, as OpenSSL has it. Confined to its loop.
final class TLSTestClient {
    private let context: OpaquePointer
    /// Resumed by the next connection, when there is one.
    private var session: OpaquePointer?

    /// - Parameters:
    ///   - versions: of the protocol, least and greatest.
    ///   - identity: the certificate that is shown when the server asks.
    ///   - protocols: offered by ALPN.
    init(
        trusting authorityFile: String, versions: ClosedRange<Int32> = TLS1_2_VERSION...TLS1_3_VERSION,
        identity: TestAuthority.Identity? = nil, protocols: [String] = ["http/1.1"]
    ) throws {
        context = try #require(SSL_CTX_new(TLS_client_method()))
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(versions.lowerBound), nil)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(versions.upperBound), nil)
        if versions.lowerBound < TLS1_2_VERSION { SSL_CTX_set_cipher_list(context, "DEFAULT@SECLEVEL=0") }
        SSL_CTX_ctrl(
            context, SSL_CTRL_MODE, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER), nil)
        try #require(SSL_CTX_load_verify_file(context, authorityFile) == 1)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        let offered = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !offered.isEmpty { SSL_CTX_set_alpn_protos(context, offered, UInt32(offered.count)) }
        if let identity {
            try #require(SSL_CTX_use_certificate_chain_file(context, identity.certificateFile) == 1)
            try #require(SSL_CTX_use_PrivateKey_file(context, identity.keyFile, SSL_FILETYPE_PEM) == 1)
        }
    }

    deinit {
        SSL_SESSION_free(session)
        SSL_CTX_free(context)
    }

    /// Shakes hands over a connected channel.
    /// - Throws: `TLSError`, and why the server's certificate was not believed.
    @discardableResult
    func secure(_ channel: Channel) async throws -> TLSPeer {
        let ssl = try #require(SSL_new(context))
        SSL_set_connect_state(ssl)
        if let session { SSL_set_session(ssl, session) }
        SSL_set1_host(ssl, "localhost")
        return try await channel.shakeHands(try TLSSession(ssl, over: channel), within: .seconds(20))
    }

    /// Keeps what the server has given for the next time; after something was read (RFC 8446 §4.6.1).
    func keepSession(of channel: Channel) {
        guard let made = channel.session.flatMap({ SSL_get1_session($0.ssl) }) else { return }
        SSL_SESSION_free(session)
        session = made
    }
}

extension TestServer {
    /// A client that has shaken hands.
    func secureClient(_ tls: TLSTestClient) async throws -> TestClient {
        let channel = try await Channel.connect(to: address)
        do {
            try await tls.secure(channel)
        } catch {
            channel.close()
            throw error
        }
        return TestClient(channel: channel)
    }

    /// A client as the environment wants it.
    func client() async throws -> TestClient { TestClient(channel: try await TestTLS.connect(to: address)) }
}
