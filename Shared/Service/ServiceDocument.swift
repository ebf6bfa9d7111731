import HTTP
import Identity
import Models

/// A service's OpenAPI document, made of its routes and their types: a route cannot be left out of it.
public enum ServiceDocument {
    public static let version = "1"
    /// Codes of the refusals that any authenticated route can answer.
    private static let refusals: [Status] = [.badRequest, .unauthorized, .forbidden, .notFound, .conflict, .tooManyRequests]

    /// The shape of every error (`API.md`, *Common to all*).
    struct ErrorShape: Codable {
        let error: String
        let code: String?
        let field: String?
        let requestID: String?

        enum CodingKeys: String, CodingKey {
            case error, code, field, requestID = "request_id"
        }
    }

    public static func openAPI(of routes: [Route], service: String) throws -> [UInt8] {
        let document = OpenAPIDocument(title: "Nexus \(service)", version: version)
        document.add(.bearer(format: "JWT"), named: "token")
        document.add(.header("x-nexus-api-key"), named: "apiKey")
        for route in routes where !route.pattern.hasPrefix("/internal/") { document.add(operation(of: route, service: service)) }
        return try document.encoded()
    }

    private static func operation(of route: Route, service: String) -> OpenAPIOperation {
        var request: [OpenAPIContent] = []
        if let input = route.input { request.append(OpenAPIContent(.type(input))) }
        if let media = route.inputMedia { request.append(OpenAPIContent(.node(.any), mediaType: media)) }
        let errors = OpenAPIContent(.type(ErrorShape.self))
        let success = OpenAPIResponse(Status(route.output.status), content: content(of: route))
        var parameters = route.queryParameters.map { OpenAPIParameter($0, schema: schema(of: $0)) }
        if !route.access.isOpen {
            parameters.append(OpenAPIParameter("workspace_id", summary: "the workspace; the credential's own unless said"))
        }
        if route.method == .post, !route.access.isOpen {
            parameters.append(
                OpenAPIParameter("Idempotency-Key", in: .header, summary: "the same key gives the first answer again"))
        }
        return OpenAPIOperation(
            route.method, route.pattern, summary: route.summary.isEmpty ? "\(route.method.name) \(route.pattern)" : route.summary,
            description: "Access: \(route.access).", tag: tag(of: route, service), parameters: parameters, request: request,
            isRequestRequired: false,
            responses: [success] + refusals.map { OpenAPIResponse($0, content: [errors]) }
                + [OpenAPIResponse("default", "Any other error", content: [errors])],
            security: route.access.isOpen ? [] : ["token", "apiKey"])
    }

    private static func content(of route: Route) -> [OpenAPIContent] {
        switch route.output.content {
        case .none: []
        case .json(let type): [OpenAPIContent(.type(type))]
        case .media(let types): types.map { OpenAPIContent(.node(.any), mediaType: $0) }
        case .page(let type):
            [OpenAPIContent(.type(type))].map { item in
                OpenAPIContent(.node(page(of: item, plural: plural(of: route))), mediaType: item.mediaType)
            }
        }
    }

    /// `{"<plural>":[…],"next_cursor":…}`. The items' own schema is in the operation that shows one of them.
    private static func page(of item: OpenAPIContent, plural: String) -> JSONSchemaNode {
        .object(
            [(plural, .array(of: .object)), ("next_cursor", JSONSchemaNode.string.nullable)], required: [plural, "next_cursor"])
    }

    private static func plural(of route: Route) -> String {
        let literal = route.pattern.split(separator: "/").last { !$0.hasPrefix("{") }.map(String.init) ?? "items"
        return literal.hasSuffix("-api") ? String(literal.dropLast(4)) : literal
    }

    private static func schema(of parameter: String) -> JSONSchemaNode {
        switch parameter {
        case "limit": .integer(in: 1...200)
        case "offset", "after": .integer
        case "follow", "force", "confirm", "wait": .boolean
        default: .string
        }
    }

    private static func tag(of route: Route, _ service: String) -> String {
        route.pattern.hasPrefix("/api/") ? "\(service) (workspace)" : service
    }
}

extension Timestamp: SchemaProviding {
    public static var jsonSchema: JSONSchemaNode { .string(format: "date-time") }
}

extension JSONValue: SchemaProviding {
    public static var jsonSchema: JSONSchemaNode { .any }
}
