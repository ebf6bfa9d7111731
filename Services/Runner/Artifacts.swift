/// The files that a run leaves behind.
enum Artifacts {
    /// More are not kept: an agent that leaves a whole tree meant to pack it.
    static let countMax = 200

    /// The patch, and what lies in the artifacts folder; a file in a sub-folder is named `folder-file`.
    static func found(in folder: String, changes: Worktree.Changes?) -> [Artifact] {
        var artifacts: [Artifact] = []
        if let changes {
            artifacts.append(Artifact(name: "changes.diff", path: changes.diff, type: "text/x-diff; charset=utf-8"))
        }
        for path in Folder.files(in: folder).prefix(countMax) {
            let name = path.replacing("/", with: "-")
            guard !artifacts.contains(where: { $0.name == name }) else { continue }
            artifacts.append(Artifact(name: name, path: "\(folder)/\(path)", type: type(of: name)))
        }
        return artifacts
    }

    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last?.lowercased() {
        case "txt", "log": "text/plain; charset=utf-8"
        case "md": "text/markdown; charset=utf-8"
        case "json": "application/json"
        case "html": "text/html; charset=utf-8"
        case "xml": "application/xml"
        case "csv": "text/csv; charset=utf-8"
        case "diff", "patch": "text/x-diff; charset=utf-8"
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "svg": "image/svg+xml"
        case "pdf": "application/pdf"
        case "zip": "application/zip"
        case "gz", "tgz": "application/gzip"
        default: "application/octet-stream"
        }
    }
}
