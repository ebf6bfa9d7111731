import Models

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The secrets of runs: files of `DIR/secrets`, each named as the variable that an agent gets it in, and written by whoever runs
/// the suite.
struct SecretFolder: Sendable {
    static let secretBytesMax = 64 * 1024

    let path: String

    /// The values of the secrets that an agent was given, and of its model's key; those that are not there are left out. Blocks.
    func values(for agent: Agent) -> [String: String] {
        var values: [String: String] = [:]
        for name in agent.secrets + [agent.model.apiKeyRef].compactMap({ $0 }) where SecretFolder.isName(name) {
            guard let data = FileManager.default.contents(atPath: "\(path)/\(name)"), data.count <= SecretFolder.secretBytesMax
            else { continue }
            var text = String(decoding: data, as: UTF8.self)
            if text.hasSuffix("\n") { text.removeLast() }
            if !text.utf8.contains(0) { values[name] = text }
        }
        return values
    }

    /// The name of a variable that is nobody else's: upper case, and none of the suite's own.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (65...90).contains(first) || first == 95, name.utf8.count <= 128 else { return false }
        if name.hasPrefix("NEXUS_") || name.hasPrefix("LD_") || ["PATH", "HOME", "LANG"].contains(name) { return false }
        return name.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
    }
}
