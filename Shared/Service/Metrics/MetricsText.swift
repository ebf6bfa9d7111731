/// Prometheus' text format, version 0.0.4: families in the order in which they came, each with its samples together, whichever
/// service they are from.
public struct MetricsText {
    private struct Family {
        let head: String
        var samples: [Substring] = []
    }

    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private var names: [Substring] = []
    private var families: [Substring: Family] = [:]

    public init() {}

    /// Adds a sample, and its family when that is new.
    /// - Parameters:
    ///   - suffix: what a histogram's samples have behind the family's name.
    ///   - labels: `name="value"`, separated by commas, already escaped.
    public mutating func add(_ metric: Metric, suffix: String = "", labels: String, _ value: String) {
        let name = metric.name[...]
        if families[name] == nil {
            names.append(name)
            families[name] = Family(head: "# HELP \(name) \(metric.help)\n# TYPE \(name) \(metric.kind.rawValue)\n")
        }
        families[name]?.samples.append("\(name)\(suffix){\(labels)} \(value)"[...])
    }

    /// Adds what another service says of itself: families of the same name become one.
    public mutating func merge(_ text: String) {
        var name: Substring = ""
        var help: Substring = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                help = line
                name = line.dropFirst("# HELP ".count).prefix { $0 != " " }
            } else if line.hasPrefix("# TYPE ") {
                guard families[name] == nil else { continue }
                names.append(name)
                families[name] = Family(head: "\(help)\n\(line)\n")
            } else {
                families[name]?.samples.append(line)
            }
        }
    }

    /// All of it.
    public var text: String {
        var text = ""
        for name in names {
            guard let family = families[name] else { continue }
            text += family.head
            for sample in family.samples {
                text += sample
                text += "\n"
            }
        }
        return text
    }

    /// A label's value as it stands between quotes.
    static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// A family of samples.
public struct Metric: Sendable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    public let name: String
    public let kind: Kind
    public let help: String

    public init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    public static func counter(_ name: String, _ help: String) -> Metric { Metric(name, .counter, help) }
    public static func gauge(_ name: String, _ help: String) -> Metric { Metric(name, .gauge, help) }
}

/// One value of a family, beside what the service's name says.
public struct Sample: Sendable {
    let metric: Metric
    let labels: [(name: String, value: String)]
    let value: Double

    public init(_ metric: Metric, _ value: Double, _ labels: [(name: String, value: String)] = []) {
        self.metric = metric
        self.value = value
        self.labels = labels
    }

    public init(_ metric: Metric, _ value: Int, _ labels: [(name: String, value: String)] = []) {
        self.init(metric, Double(value), labels)
    }
}
