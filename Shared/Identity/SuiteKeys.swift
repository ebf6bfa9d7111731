import Glibc
public import Models

/// The suite's own secrets, one random key for each use, so that nothing made with one can stand for another.
public struct SuiteKeys: Sendable {
    /// Signs operators' tokens.
    public let jwt: [UInt8]
    /// Signs the principals that services send one another.
    public let assertion: [UInt8]
    /// Encrypts secrets at rest (`SecretBox`).
    public let encryption: [UInt8]
    /// Derives the CSRF tokens of sessions.
    public let csrf: [UInt8]

    /// Bytes of every key.
    public static let keyBytes = 32

    /// Keys given as bytes, each of `keyBytes`: for tests.
    public init(jwt: [UInt8], assertion: [UInt8], encryption: [UInt8], csrf: [UInt8]) {
        self.jwt = jwt
        self.assertion = assertion
        self.encryption = encryption
        self.csrf = csrf
    }

    /// New keys that are written nowhere.
    public static func ephemeral() -> SuiteKeys {
        SuiteKeys(
            jwt: SecureRandom.bytes(keyBytes), assertion: SecureRandom.bytes(keyBytes), encryption: SecureRandom.bytes(keyBytes),
            csrf: SecureRandom.bytes(keyBytes))
    }

    /// The keys in `<dataDirectory>/keys`, made by the first process that asks. Any number of processes may ask at once, and all
    /// get the same.
    /// - Throws: `ServiceError` 500 whose cause names the file that cannot be read, is damaged, or is open to other users.
    public static func load(orCreateIn dataDirectory: String) throws(ServiceError) -> SuiteKeys {
        let folder = dataDirectory + "/keys"
        try makeFolder(folder)
        return SuiteKeys(
            jwt: try KeyFile(folder: folder, name: "jwt.key").loadOrCreate(),
            assertion: try KeyFile(folder: folder, name: "assertion.key").loadOrCreate(),
            encryption: try KeyFile(folder: folder, name: "encryption.key").loadOrCreate(),
            csrf: try KeyFile(folder: folder, name: "csrf.key").loadOrCreate())
    }

    /// Makes a folder for this user alone, and those above it that are missing.
    private static func makeFolder(_ path: String) throws(ServiceError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("cannot make the folder", path)
        }
        try makeFolder(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("cannot make the folder", path) }
    }

    static func failure(_ what: String, _ path: String) -> ServiceError {
        let code = errno
        return .internal("\(what) \(path): \(String(cString: strerror(code)))")
    }
}

/// One key in a file of its own: base64url and a line feed, mode 0600.
private struct KeyFile {
    let folder: String
    let name: String

    var path: String { "\(folder)/\(name)" }

    func loadOrCreate() throws(ServiceError) -> [UInt8] {
        if let key = try read() { return key }
        try create()
        guard let key = try read() else { throw SuiteKeys.failure("cannot read", path) }
        return key
    }

    /// The key, or nil when there is no file.
    private func read() throws(ServiceError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SuiteKeys.failure("cannot open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SuiteKeys.failure("cannot examine", path) }
        guard status.st_mode & 0o027 == 0 else {
            throw .internal("\(path) is open to other users; make it private with: chmod 600 \(path)")
        }
        var text = [UInt8](repeating: 0, count: 128)
        let count = Glibc.read(descriptor, &text, text.count)
        guard count >= 0 else { throw SuiteKeys.failure("cannot read", path) }
        let line = text.prefix(count).prefix { $0 != 10 }
        guard let key = Base64URL.decode(line), key.count == SuiteKeys.keyBytes else {
            throw .internal("\(path) is damaged: it must hold \(SuiteKeys.keyBytes) bytes as base64url")
        }
        return key
    }

    /// Writes a new key whole to a file of this process's own, then links it to its name, which fails when another was first:
    /// no process can ever see half a key, or two processes different ones.
    private func create() throws(ServiceError) {
        let temporary = "\(path).\(Base64URL.string(SecureRandom.bytes(9)))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SuiteKeys.failure("cannot create", temporary) }
        defer { unlink(temporary) }
        let line = Base64URL.encode(SecureRandom.bytes(SuiteKeys.keyBytes)) + [10]
        let written = write(descriptor, line, line.count)
        let isSafe = written == line.count && fsync(descriptor) == 0
        let failure = SuiteKeys.failure("cannot write", temporary)
        close(descriptor)
        guard isSafe else { throw failure }
        guard link(temporary, path) == 0 || errno == EEXIST else { throw SuiteKeys.failure("cannot create", path) }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SuiteKeys.failure("cannot open", folder) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw SuiteKeys.failure("cannot write", folder) }
    }
}
