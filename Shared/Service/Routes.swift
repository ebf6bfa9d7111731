import HTTP
import Identity
import Models

/// One line of a service's table: a method, a path, who may call, and what answers. OpenAPI's entry follows from it.
public struct Route: Sendable {
    public let method: Method
    /// The whole pattern, `/agents-api/{id}`.
    public internal(set) var pattern: String
    public let access: Access
    public let summary: String
    /// The query parameters, for OpenAPI.
    public internal(set) var queryParameters: [String] = []
    /// The type of the JSON body; nil when there is none.
    public let input: (any (Decodable & Sendable).Type)?
    /// The media type of a body that is no JSON and that the handler reads itself.
    public let inputMedia: String?
    public let output: AnswerDescription
    let handle: @Sendable (Call) async throws -> Response

    /// Names the query parameters of the route.
    public func query(_ names: String...) -> Route {
        var route = self
        route.queryParameters += names
        return route
    }

    /// The parameters of a page: `limit` and `cursor`, and the filters.
    public func paged(_ filters: String...) -> Route {
        var route = self
        route.queryParameters += filters + ["limit", "cursor"]
        return route
    }

    /// A route without a JSON body.
    init<Output: Answer>(
        _ method: Method, _ path: String, _ access: Access, _ summary: String, media: String? = nil,
        _ handler: @escaping @Sendable (Call) async throws -> Output
    ) {
        self.method = method
        pattern = path
        self.access = access
        self.summary = summary
        input = nil
        inputMedia = media
        output = Output.description
        handle = { call in try await handler(call).response(to: call) }
    }

    /// A route with a JSON body, read whole and decoded before the handler is called. An empty body is `{}`.
    init<Input: Decodable & Sendable, Output: Answer>(
        _ method: Method, _ path: String, _ access: Access, _ summary: String,
        _ handler: @escaping @Sendable (Call, Input) async throws -> Output
    ) {
        self.method = method
        pattern = path
        self.access = access
        self.summary = summary
        input = Input.self
        inputMedia = nil
        output = Output.description
        handle = { call in
            let bytes = try await call.request.body.collect(upTo: call.environment.configuration.bodyBytesMax)
            let body = try JSON.decode(Input.self, from: bytes.isEmpty ? Array("{}".utf8) : bytes)
            return try await handler(call, body).response(to: call)
        }
    }
}

/// A service's table of routes.
public struct Routes: Sendable {
    public let routes: [Route]

    /// - Parameter prefix: what all the paths begin with, e.g. `/agents-api`.
    public init(_ prefix: String, @RoutesBuilder _ build: () -> [Route]) {
        routes = build().map { route in
            var whole = route
            whole.pattern = prefix + route.pattern
            return whole
        }
    }

    private init(_ routes: [Route]) { self.routes = routes }

    public static func + (left: Routes, right: Routes) -> Routes { Routes(left.routes + right.routes) }
}

@resultBuilder
public enum RoutesBuilder {
    public static func buildExpression(_ route: Route) -> [Route] { [route] }
    public static func buildBlock(_ parts: [Route]...) -> [Route] { parts.flatMap { $0 } }
}

// The words of a route table are HTTP's own, in capitals as they stand on the wire.
// swift-format-ignore: AlwaysUseLowerCamelCase
public func GET<Output: Answer>(
    _ path: String, _ access: Access, _ summary: String = "", _ handler: @escaping @Sendable (Call) async throws -> Output
) -> Route { Route(.get, path, access, summary, handler) }

// swift-format-ignore: AlwaysUseLowerCamelCase
public func POST<Input: Decodable & Sendable, Output: Answer>(
    _ path: String, _ access: Access, _ summary: String = "", _ handler: @escaping @Sendable (Call, Input) async throws -> Output
) -> Route { Route(.post, path, access, summary, handler) }

/// A POST without a JSON body; `media` when it has one of another kind.
// swift-format-ignore: AlwaysUseLowerCamelCase
public func POST<Output: Answer>(
    _ path: String, _ access: Access, _ summary: String = "", media: String? = nil,
    _ handler: @escaping @Sendable (Call) async throws -> Output
) -> Route { Route(.post, path, access, summary, media: media, handler) }

// swift-format-ignore: AlwaysUseLowerCamelCase
public func PUT<Input: Decodable & Sendable, Output: Answer>(
    _ path: String, _ access: Access, _ summary: String = "", _ handler: @escaping @Sendable (Call, Input) async throws -> Output
) -> Route { Route(.put, path, access, summary, handler) }

/// A PUT whose body the handler reads itself.
// swift-format-ignore: AlwaysUseLowerCamelCase
public func PUT<Output: Answer>(
    _ path: String, _ access: Access, _ summary: String = "", media: String,
    _ handler: @escaping @Sendable (Call) async throws -> Output
) -> Route { Route(.put, path, access, summary, media: media, handler) }

// swift-format-ignore: AlwaysUseLowerCamelCase
public func PATCH<Input: Decodable & Sendable, Output: Answer>(
    _ path: String, _ access: Access, _ summary: String = "", _ handler: @escaping @Sendable (Call, Input) async throws -> Output
) -> Route { Route(.patch, path, access, summary, handler) }

// swift-format-ignore: AlwaysUseLowerCamelCase
public func DELETE<Output: Answer>(
    _ path: String, _ access: Access, _ summary: String = "", _ handler: @escaping @Sendable (Call) async throws -> Output
) -> Route { Route(.delete, path, access, summary, handler) }
