import Identity
import Models
import Service

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `nexus token`: a token for an operator, signed with the data folder's own key. Whoever can read that key is trusted.
enum TokenCommand {
    static let options: [Option] = [
        Option("data", "DIR", "the suite's data folder", default: Options.defaultDataDirectory),
        Option("role", "ROLE", "viewer, editor, manager, admin or owner", default: "admin"),
        Option("workspace", "ID", "the workspace", default: "default"),
        Option("ttl", "DURATION", "how long it is good", default: "1h"),
        Option("name", "TEXT", "who it is for, as activity shows it", default: "operator"),
    ]

    static func run(_ arguments: [String]) {
        do {
            let options = try Options(
                options, usage: "usage: nexus token [options]\nPrints an admin token.", arguments: arguments,
                environment: ProcessInfo.processInfo.environment)
            try options.refusePositionals()
            guard let role = Role(rawValue: options.string("role") ?? "") else {
                throw Options.Problem(message: "--role: must be one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            let configuration = ServiceConfiguration(dataDirectory: options.string("data"))
            try configuration.prepareFolders()
            let keys = try SuiteKeys.load(orCreateIn: configuration.dataDirectory)
            let now = WallClock.system.now()
            let name = options.string("name") ?? "operator"
            let claims = Claims(
                subject: name, name: name, role: role, workspace: options.string("workspace") ?? "default", issuedAt: now,
                expires: now.adding(seconds: try options.seconds("ttl")))
            Output.print(try JWTSigner(key: keys.jwt).sign(claims) + "\n")
        } catch {
            Output.exit(Output.report(error, as: "nexus token"))
        }
    }
}
