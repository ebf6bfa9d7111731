import Glibc
import Loops
import Models

/// What a program says to whoever started it, in whole writes.
public enum Output {
    /// On standard output, as it is.
    public static func print(_ text: String) { write(text, to: 1) }

    /// On standard error, as a line.
    public static func complain(_ text: String) { write(text + "\n", to: 2) }

    /// Ends the process.
    public static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

    /// Says why a program cannot go on, or prints the help that was asked for.
    /// - Returns: the process's exit status: 0 for help, 2 for wrong options, else 1.
    public static func report(_ error: any Error, as program: String) -> Int32 {
        switch error {
        case let help as Options.HelpRequest:
            print(help.text)
            return 0
        case let problem as Options.Problem:
            complain("\(program): \(problem.message)")
            return 2
        case let error as ServiceError:
            complain("\(program): \(error.message)\(error.cause.map { ": \($0)" } ?? "")")
            return 1
        default:
            complain("\(program): \(error)")
            return 1
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
