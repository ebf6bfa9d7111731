import HTTP

/// Where spans go, and which: the suite's own options, and OpenTelemetry's environment variables for those who have set them for
/// all their programs.
public struct TracingConfiguration: Sendable {
    /// The collector's address for traces; nil when nothing is exported.
    public var endpoint: String?
    public var headers: [(name: String, value: String)] = []
    /// `service.name` for the whole suite; each service's own unless set.
    public var serviceName: String?
    public var resource: [Span.Attribute] = []
    /// The share of new traces that are recorded, 0 to 1. A trace that comes with a request is recorded when its flag says so.
    public var ratio = 1.0

    public init() {}

    static let options: [Option] = [
        Option(
            "otlp-endpoint", "URL",
            "OpenTelemetry collector that spans are sent to (OTLP over HTTP), e.g. http://127.0.0.1:4318; else as "
                + "OTEL_EXPORTER_OTLP_ENDPOINT says"),
        Option("trace-sample", "RATIO", "share of new traces that are recorded, 0 to 1", default: "1"),
    ]

    /// - Throws: `Options.Problem`.
    init(_ options: Options, _ environment: [String: String]) throws {
        func given(_ name: String) -> String? {
            (environment["OTEL_EXPORTER_OTLP_TRACES_" + name] ?? environment["OTEL_EXPORTER_OTLP_" + name])
                .flatMap { $0.isEmpty ? nil : $0 }
        }
        ratio = try options.number("trace-sample", in: 0...1)
        // The variable for traces alone has the whole address, the others its beginning.
        if let base = options.string("otlp-endpoint") ?? environment["OTEL_EXPORTER_OTLP_ENDPOINT"], !base.isEmpty {
            endpoint = (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/v1/traces"
        }
        if options.string("otlp-endpoint") == nil, let whole = environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], !whole.isEmpty {
            endpoint = whole
        }
        if environment["OTEL_SDK_DISABLED"]?.lowercased() == "true" { endpoint = nil }
        guard let endpoint else { return }
        guard endpoint.hasPrefix("http://") || endpoint.hasPrefix("https://") else {
            throw Options.Problem(message: "--otlp-endpoint: '\(endpoint)' is no http or https URL")
        }
        headers = try TracingConfiguration.pairs(given("HEADERS"), "OTEL_EXPORTER_OTLP_HEADERS")
        serviceName = environment["OTEL_SERVICE_NAME"].flatMap { $0.isEmpty ? nil : $0 }
        resource = try TracingConfiguration.pairs(environment["OTEL_RESOURCE_ATTRIBUTES"], "OTEL_RESOURCE_ATTRIBUTES")
            .map { Span.Attribute.text($0.name, $0.value) }
    }

    /// `name=value,name=value`, values percent-encoded.
    private static func pairs(_ text: String?, _ variable: String) throws -> [(name: String, value: String)] {
        try (text ?? "").split(separator: ",").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let value = PercentCoding.string(ArraySlice(Array(trimmed(parts[1]).utf8))) else {
                throw Options.Problem(message: "\(variable): '\(pair)' is not NAME=VALUE")
            }
            return (trimmed(parts[0]), value)
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
