import FoundationEssentials
import Identity

/// A folder of the test's own, gone with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.path + "/nexus-identity-" + Base64URL.string(SecureRandom.bytes(12))
        // try?: a test in a folder that could not be made fails by itself, saying more.
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // try?: what is left behind is the temporary folder's business.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
