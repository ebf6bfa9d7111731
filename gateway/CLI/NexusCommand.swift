import Service

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `nexus`: starts the suite, and makes tokens for it.
@main
enum NexusCommand {
    static let usage = """
        usage: nexus <command> [options]

        commands:
          up      start the suite: nine services and the gateway, in the foreground until SIGTERM or SIGINT
          token   print an admin token signed with the data folder's own key

        `nexus <command> --help` lists the options of each.

        """

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "up": await UpCommand.run(Array(arguments.dropFirst()))
        case "token": TokenCommand.run(Array(arguments.dropFirst()))
        case "--help", "-h", "help": Output.print(usage)
        case nil: fail(usage)
        case .some(let command): fail("nexus: there is no command '\(command)'\n\n" + usage)
        }
    }

    private static func fail(_ text: String) -> Never {
        Output.complain(text)
        Output.exit(2)
    }
}
