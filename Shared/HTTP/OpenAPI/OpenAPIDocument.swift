/// An OpenAPI 3.1 document in the making.
public final class OpenAPIDocument {
    /// How a caller proves who it is.
    public enum SecurityScheme: Sendable {
        case bearer(format: String?)
        case header(String)
        case cookie(String)

        var tree: JSONTree {
            switch self {
            case .bearer(let format):
                var tree: JSONTree = ["type": "http", "scheme": "bearer"]
                if let format { tree["bearerFormat"] = .string(format) }
                return tree
            case .header(let name): return ["type": "apiKey", "in": "header", "name": .string(name)]
            case .cookie(let name): return ["type": "apiKey", "in": "cookie", "name": .string(name)]
            }
        }
    }

    /// The schemas of the operations' types.
    public let schemas = SchemaCollection()
    private let info: JSONTree
    private var paths: JSONTree = [:]
    private var securitySchemes: JSONTree = [:]
    private var tags: [String] = []

    public init(title: String, version: String, description: String? = nil) {
        info = OpenAPIDocument.info(title, version, description)
    }

    static func info(_ title: String, _ version: String, _ description: String?) -> JSONTree {
        var info: JSONTree = ["title": .string(title), "version": .string(version)]
        if let description { info["description"] = .string(description) }
        return info
    }

    public func add(_ scheme: SecurityScheme, named name: String) { securitySchemes[name] = scheme.tree }

    /// Adds an operation; of two for the same method and pattern the later counts.
    public func add(_ operation: OpenAPIOperation) {
        if !tags.contains(operation.tag) { tags.append(operation.tag) }
        var tree: JSONTree = ["tags": [.string(operation.tag)], "summary": .string(operation.summary)]
        if let description = operation.description { tree["description"] = .string(description) }
        tree["operationId"] = .string(operation.operationID ?? operation.defaultID)
        let parameters = parameters(of: operation)
        if !parameters.isEmpty { tree["parameters"] = .array(parameters) }
        if !operation.request.isEmpty {
            tree["requestBody"] = ["required": .bool(operation.isRequestRequired), "content": content(operation.request)]
        }
        var responses: JSONTree = [:]
        for response in operation.responses {
            var answer: JSONTree = ["description": .string(response.description)]
            if !response.content.isEmpty { answer["content"] = content(response.content) }
            responses[response.status] = answer
        }
        tree["responses"] = responses
        tree["security"] = .array(operation.security.map { [$0: []] })
        paths[operation.path, default: [:]][String(describing: operation.method)] = tree
    }

    private func parameters(of operation: OpenAPIOperation) -> [JSONTree] {
        let ofPath = operation.pathParameters.map { name in
            operation.parameters.first { $0.place == .path && $0.name == name } ?? OpenAPIParameter(name, in: .path)
        }
        return (ofPath + operation.parameters.filter { $0.place != .path }).map { parameter in
            var tree: JSONTree = [
                "name": .string(parameter.name), "in": .string(parameter.place.rawValue), "required": .bool(parameter.isRequired),
                "schema": parameter.schema.tree,
            ]
            if let summary = parameter.summary { tree["description"] = .string(summary) }
            return tree
        }
    }

    private func content(_ contents: [OpenAPIContent]) -> JSONTree {
        .object(
            contents.map { content in
                switch content.schema {
                case .node(let node): JSONTree.Member(content.mediaType, ["schema": node.tree])
                case .type(let type): JSONTree.Member(content.mediaType, ["schema": schemas.schema(of: type).tree])
                }
            })
    }

    /// The document so far.
    public var tree: JSONTree {
        [
            "openapi": "3.1.0", "info": info, "tags": .array(tags.map { ["name": .string($0)] }), "paths": paths,
            "components": [
                "schemas": .object(schemas.components.map { .init($0.name, $0.schema.tree) }), "securitySchemes": securitySchemes,
            ],
        ]
    }

    /// The document's bytes.
    public func encoded() throws -> [UInt8] { try JSON.encode(tree) }
}

extension JSONTree {
    fileprivate subscript(_ name: String, default fallback: JSONTree) -> JSONTree {
        get { self[name] ?? fallback }
        set { self[name] = newValue }
    }
}
