/// Rules about which files there are.
enum TreeRules {
    static let topLevel: Set<String> = [
        "Package.swift", "Services", "Shared", "Tests", "gateway", "deploy", "README.md", ".ci", ".gitignore", ".swift-format",
        ".editorconfig", "LICENSE",
    ]
    /// What tools leave there, and `.gitignore` names.
    static let untracked: Set<String> = [".git", ".build", ".swiftpm", "Package.resolved"]

    static func topLevel(_ entries: [String]) -> [Fault] {
        entries.filter { !topLevel.contains($0) && !untracked.contains($0) }
            .map { Fault(path: $0, line: 0, problem: "does not belong at the top of the tree") }
    }

    /// Every service has its routes and its migrations where everyone looks for them, and a thin executable.
    static func services(_ paths: [String]) -> [Fault] {
        let all = Set(paths)
        let names = Set(
            paths.compactMap { path -> String? in
                let parts = path.split(separator: "/")
                return parts.count > 2 && parts[0] == "Services" ? String(parts[1]) : nil
            })
        // The runner is a program inside of a run, not a service.
        return names.subtracting(["Runner"]).sorted().flatMap { name in
            let folder = "Services/\(name)"
            var faults: [Fault] = []
            for file in ["Routes.swift", "Migrations.swift"] where !all.contains("\(folder)/\(file)") {
                faults.append(Fault(path: folder, line: 0, problem: "has no \(file)"))
            }
            if !paths.contains(where: { $0.hasPrefix("\(folder)/Main/") }) {
                faults.append(Fault(path: folder, line: 0, problem: "has no Main/"))
            }
            return faults
        }
    }
}
