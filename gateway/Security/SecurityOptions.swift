import Loops
import Service

/// TLS and origins, as the gateway's options say them.
enum SecurityOptions {
    static let all: [Option] = [
        Option("tls-cert", "FILE", "PEM certificate chain: speak HTTPS; read again on SIGHUP"),
        Option("tls-key", "FILE", "PEM private key of that certificate, without a passphrase"),
        Option("tls-client-ca", "FILE", "PEM authorities: ask clients for a certificate of theirs"),
        Option("tls-client-auth", "WORD", "with --tls-client-ca: required, or optional", default: "required"),
        Option("cors-origins", "LIST", "origins whose pages may call the API: https://app.example.com,…, or *"),
    ]

    /// - Returns: nil for plain HTTP.
    /// - Throws: `Options.Problem`.
    static func tls(_ options: Options, listen: SocketAddress) throws -> TLSConfiguration? {
        guard let certificate = options.string("tls-cert") else {
            for name in ["tls-key", "tls-client-ca"] where options.string(name) != nil {
                throw Options.Problem(message: "--\(name): needs --tls-cert")
            }
            return nil
        }
        guard let key = options.string("tls-key") else { throw Options.Problem(message: "--tls-cert: needs --tls-key") }
        if case .unix = listen { throw Options.Problem(message: "--tls-cert: only with an address HOST:PORT") }
        var configuration = TLSConfiguration(certificateFile: certificate, keyFile: key)
        configuration.clientAuthoritiesFile = options.string("tls-client-ca")
        let word = options.string("tls-client-auth") ?? ""
        guard let wanted = TLSConfiguration.ClientCertificate(rawValue: word) else {
            throw Options.Problem(message: "--tls-client-auth: must be required or optional, not '\(word)'")
        }
        configuration.clientCertificate = wanted
        return configuration
    }

    /// - Throws: `Options.Problem`.
    static func origins(_ options: Options) throws -> OriginPolicy {
        guard let text = options.string("cors-origins") else { return OriginPolicy() }
        guard let policy = OriginPolicy(text) else {
            throw Options.Problem(
                message: "--cors-origins: '\(text)' is neither * nor a list of origins such as https://app.example.com")
        }
        return policy
    }
}
