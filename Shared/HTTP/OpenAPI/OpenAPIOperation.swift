/// A schema by its type or by itself.
public enum OpenAPISchema {
    case type(any Decodable.Type)
    case node(JSONSchemaNode)
}

/// A query, path or header parameter. Those of the path are made from the pattern; name one only to say more about it.
public struct OpenAPIParameter {
    public enum Place: String, Sendable { case path, query, header }

    public let name: String
    public let place: Place
    public let isRequired: Bool
    public let schema: JSONSchemaNode
    public let summary: String?

    public init(
        _ name: String, in place: Place = .query, isRequired: Bool = false, schema: JSONSchemaNode = .string,
        summary: String? = nil
    ) {
        self.name = name
        self.place = place
        self.isRequired = isRequired || place == .path
        self.schema = schema
        self.summary = summary
    }
}

/// The content of a request or a response.
public struct OpenAPIContent {
    public let mediaType: String
    public let schema: OpenAPISchema

    public init(_ schema: OpenAPISchema, mediaType: String = "application/json") {
        self.schema = schema
        self.mediaType = mediaType
    }
}

/// One way in which an operation answers.
public struct OpenAPIResponse {
    /// `200`, `4XX`, `default`.
    public let status: String
    public let description: String
    public let content: [OpenAPIContent]

    public init(_ status: String, _ description: String, content: [OpenAPIContent] = []) {
        self.status = status
        self.description = description
        self.content = content
    }

    public init(_ status: Status, _ description: String? = nil, content: [OpenAPIContent] = []) {
        self.init(String(status.code), description ?? "\(status.reason)", content: content)
    }
}

/// A route as a document shows it.
public struct OpenAPIOperation {
    public var method: Method
    /// The router's pattern.
    public var pattern: String
    public var summary: String
    public var description: String?
    public var tag: String
    /// Unique in the document; made from method and pattern when nil.
    public var operationID: String?
    public var parameters: [OpenAPIParameter]
    public var request: [OpenAPIContent]
    public var isRequestRequired: Bool
    public var responses: [OpenAPIResponse]
    /// The names of the security schemes, any one of which suffices; none for a public operation.
    public var security: [String]

    public init(
        _ method: Method, _ pattern: String, summary: String, description: String? = nil, tag: String, operationID: String? = nil,
        parameters: [OpenAPIParameter] = [], request: [OpenAPIContent] = [], isRequestRequired: Bool = true,
        responses: [OpenAPIResponse], security: [String] = []
    ) {
        self.method = method
        self.pattern = pattern
        self.summary = summary
        self.description = description
        self.tag = tag
        self.operationID = operationID
        self.parameters = parameters
        self.request = request
        self.isRequestRequired = isRequestRequired
        self.responses = responses
        self.security = security
    }

    /// The pattern as OpenAPI writes it: a rest parameter loses its dots, a trailing slash stays.
    var path: String {
        pattern.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasSuffix("...}") ? $0.dropLast(4) + "}" : $0 }.joined(separator: "/")
    }

    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map { String($0.dropFirst().dropLast()) }
    }

    /// `GET /agents-api/{id}/skills` → `get_agents_api_by_id_skills`.
    var defaultID: String {
        let words = path.split(separator: "/").map { part in
            part.hasPrefix("{") ? "by_" + part.dropFirst().dropLast() : String(part.map { $0.isLetter || $0.isNumber ? $0 : "_" })
        }
        return ([String(describing: method)] + words).joined(separator: "_")
    }
}
