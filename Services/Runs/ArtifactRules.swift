import HTTP
import Models

/// What artifacts may be called, and how they are shown.
enum ArtifactRules {
    static let nameBytesMax = 128
    static let typeDefault = "application/octet-stream"
    private static let typeBytesMax = 255

    /// 1–128 of letters, digits, `.`, `_` and `-`, the first no point: a name on every system, and nowhere a path.
    /// - Throws: 400.
    static func check(name: String) throws {
        let isSafe = name.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
        }
        guard isSafe, (1...nameBytesMax).contains(name.utf8.count), name.utf8.first != 46 else {
            throw ServiceError.invalid(
                "name", "must be 1 to \(nameBytesMax) letters, digits, '.', '_' or '-', and not begin with '.'")
        }
    }

    /// The media type to keep, of what was sent; a form's type is what clients send when nobody has said another.
    static func type(_ sent: String?) -> String {
        guard let sent, sent.utf8.count <= typeBytesMax, let type = MediaType(sent), type.type != "multipart",
            type.essence != "application/x-www-form-urlencoded"
        else { return typeDefault }
        return sent
    }
}
