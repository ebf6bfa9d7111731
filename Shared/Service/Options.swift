import Models

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One thing that can be configured: a flag, an environment variable, or a member of `DIR/config.json`, in that order.
public struct Option: Sendable {
    /// The flag without its dashes (`rate-limit`); `NEXUS_RATE_LIMIT` and `rate_limit` follow from it.
    public let name: String
    /// What its value looks like in `--help`; nil for a switch.
    public let value: String?
    public let help: String
    public let fallback: String?

    public init(_ name: String, _ value: String?, _ help: String, default fallback: String? = nil) {
        self.name = name
        self.value = value
        self.help = help
        self.fallback = fallback
    }

    var environmentName: String { "NEXUS_" + member.uppercased() }
    var member: String { name.replacing("-", with: "_") }
}

/// The configuration of one executable, read from its flags, then `NEXUS_…`, then `DIR/config.json`.
public struct Options: Sendable {
    /// Command-line problems, for standard error; the process exits with 2.
    public struct Problem: Error, Sendable {
        public let message: String

        public init(message: String) { self.message = message }
    }

    /// `--help` was asked for; the text is for standard output.
    public struct HelpRequest: Error, Sendable {
        public let text: String
    }

    private let known: [Option]
    private var flags: [String: String] = [:]
    private let environment: [String: String]
    private var file: [String: JSONValue] = [:]
    /// Arguments that are not flags.
    public private(set) var positionals: [String] = []

    /// - Throws: `Problem` for an unknown flag, a missing value or an unreadable `config.json`; `HelpRequest`.
    public init(
        _ known: [Option], usage: String, arguments: [String], environment: [String: String],
        dataDirectory: (Options) -> String = { $0.string("data") ?? Options.defaultDataDirectory }
    ) throws {
        self.known = known
        self.environment = environment
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--help" || argument == "-h" { throw HelpRequest(text: Options.help(usage, known)) }
            guard argument.hasPrefix("--") else {
                positionals.append(argument)
                continue
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = known.first(where: { $0.name == parts[0] }) else {
                throw Problem(message: "unknown option --\(parts[0]); --help lists them all")
            }
            if option.value == nil {
                flags[option.name] = parts.count > 1 ? String(parts[1]) : "true"
            } else if parts.count > 1 {
                flags[option.name] = String(parts[1])
            } else if let value = rest.popFirst() {
                flags[option.name] = value
            } else {
                throw Problem(message: "--\(option.name) needs a value: \(option.value ?? "")")
            }
        }
        try readFile(in: dataDirectory(self))
    }

    /// Refuses arguments that are no options.
    /// - Throws: `Problem`.
    public func refusePositionals() throws {
        if let first = positionals.first { throw Problem(message: "unexpected argument '\(first)'; --help lists the options") }
    }

    /// Those of `arguments` that are options called by one of `names`, with their values: what a program passes on to another.
    public static func keep(_ names: [String], of arguments: [String]) -> [String] {
        var kept: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else { continue }
            let name = argument.dropFirst(2).prefix { $0 != "=" }
            let hasValue = argument.contains("=") || rest.first?.hasPrefix("--") ?? true
            let value = hasValue ? nil : rest.popFirst()
            if names.contains(String(name)) { kept += [argument] + (value.map { [$0] } ?? []) }
        }
        return kept
    }

    /// `$XDG_DATA_HOME/nexus`, `~/.local/share/nexus`, or `./nexus-data` where there is no home.
    public static var defaultDataDirectory: String {
        let environment = ProcessInfo.processInfo.environment
        if let base = environment["XDG_DATA_HOME"], base.hasPrefix("/") { return base + "/nexus" }
        if let home = environment["HOME"], home.hasPrefix("/"), home != "/" { return home + "/.local/share/nexus" }
        return "nexus-data"
    }

    /// The value of an option, its default when it is set nowhere.
    public func string(_ name: String) -> String? {
        guard let option = known.first(where: { $0.name == name }) else { return nil }
        if let value = flags[name] ?? environment[option.environmentName] { return value }
        switch file[option.member] {
        case .string(let value): return value
        case .integer(let value): return String(value)
        case .number(let value): return String(value)
        case .bool(let value): return String(value)
        default: return option.fallback
        }
    }

    /// Whether a switch is on.
    public func flag(_ name: String) -> Bool {
        ["true", "1", "yes", "on"].contains(string(name)?.lowercased() ?? "")
    }

    /// A number within a range.
    /// - Throws: `Problem` naming the option.
    public func number(_ name: String, in range: ClosedRange<Double>) throws -> Double {
        guard let text = string(name), let value = Double(text), range.contains(value) else {
            throw Problem(
                message:
                    "--\(name): must be a number from \(range.lowerBound) to \(range.upperBound), not '\(string(name) ?? "")'")
        }
        return value
    }

    public func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        guard let text = string(name), let value = Int(text), range.contains(value) else {
            throw Problem(
                message:
                    "--\(name): must be a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "not '\(string(name) ?? "")'"
            )
        }
        return value
    }

    /// Seconds, from `90`, `90s`, `15m`, `1h` or `2d`.
    public func seconds(_ name: String) throws -> Double {
        let text = string(name) ?? ""
        let scales: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let scale = text.last.flatMap { scales[$0] }
        guard let value = Double(scale == nil ? text : String(text.dropLast())), value > 0, value.isFinite, value < 1e9 else {
            throw Problem(message: "--\(name): must be a duration such as 90s, 15m, 1h or 2d, not '\(text)'")
        }
        return value * (scale ?? 1)
    }

    private mutating func readFile(in directory: String) throws {
        let path = directory + "/config.json"
        guard let data = FileManager.default.contents(atPath: path) else { return }
        do {
            file = try JSONDecoder().decode([String: JSONValue].self, from: data)
        } catch {
            throw Problem(message: "\(path) is not a JSON object: \(error)")
        }
    }

    private static func help(_ usage: String, _ options: [Option]) -> String {
        var lines = [usage, "", "Options (each also as an environment variable, or a member of DIR/config.json):"]
        for option in options {
            lines.append("  --\(option.name)\(option.value.map { " " + $0 } ?? "")")
            let origin = option.value == nil ? "off" : "none"
            lines.append("        \(option.help) [default: \(option.fallback ?? origin); \(option.environmentName)]")
        }
        lines.append("  --help\n        this text")
        return lines.joined(separator: "\n") + "\n"
    }
}
