import CSystem
import Foundation
import Loops

/// `nexus-load`: loads a running suite, and says what came of it. `Tests/Load/run` starts the suite and this.
@main
enum LoadCommand {
    static let usage = """
        usage: nexus-load capacity --address HOST:PORT --token TOKEN --run RUN --pids PID[,PID…]
                          [--idle N] [--subscribers N] [--slow N] [--seconds N]
               nexus-load overload --address HOST:PORT --token TOKEN --pids PID[,PID…] [--clients N] [--seconds N]
               nexus-load chaos    --address HOST:PORT --token TOKEN --run RUN --supervisor PID [--minutes N] [--every SECONDS]

        """

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        DescriptorLimit.raise()
        var arguments = Arguments(Array(CommandLine.arguments.dropFirst()))
        do {
            let group = try EventLoopGroup(count: 2)
            let report = Report()
            let scenario = arguments.command
            let target = try Target(&arguments)
            let plan = arguments
            try await group.loops[0].task {
                switch scenario {
                case "capacity": try await Capacity(target, plan, report, group).run()
                case "overload": try await Overload(target, plan, report, group).run()
                case "chaos": try await Chaos(target, plan, report, group).run()
                default: throw Arguments.Problem(message: usage)
                }
            }.value
            report.finish()
            exit(report.hasFailed ? 1 : 0)
        } catch {
            FileHandle.standardError.write(Data("nexus-load: \(error)\n".utf8))
            exit(2)
        }
    }
}

/// `command --name value …`.
struct Arguments: Sendable {
    struct Problem: Error, CustomStringConvertible {
        let message: String
        var description: String { message }
    }

    let command: String
    private var values: [String: String] = [:]

    init(_ arguments: [String]) {
        command = arguments.first ?? ""
        var rest = arguments.dropFirst()
        while let name = rest.popFirst(), let value = rest.popFirst() { values[name] = value }
    }

    func text(_ name: String) throws -> String {
        guard let value = values["--" + name] else { throw Problem(message: "--\(name) is missing\n" + LoadCommand.usage) }
        return value
    }

    func number(_ name: String, _ fallback: Double) -> Double { values["--" + name].flatMap(Double.init) ?? fallback }
    func count(_ name: String, _ fallback: Int) -> Int { Int(number(name, Double(fallback))) }
    func pids(_ name: String) throws -> [Int] { try text(name).split(separator: ",").compactMap { Int($0) } }
}

/// The suite that is loaded.
struct Target: Sendable {
    let address: SocketAddress
    let token: String

    init(_ arguments: inout Arguments) throws {
        guard let address = SocketAddress(try arguments.text("address")) else {
            throw Arguments.Problem(message: "--address: must be HOST:PORT")
        }
        self.address = address
        token = try arguments.text("token")
    }

    /// A request's head, with the credential.
    func head(_ method: String, _ path: String, _ more: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: nexus\r\nAuthorization: Bearer \(token)\r\n\(more)\r\n"
    }
}
