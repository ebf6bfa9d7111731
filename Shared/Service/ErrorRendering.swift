import HTTP
import Models
import Storage

/// The one place where an error becomes an HTTP answer: `{ "error", "code", "field"?, "request_id"? }`.
public enum ErrorRendering {
    private struct Shape: Encodable {
        let error: String
        let code: String
        let field: String?
        let requestID: String?

        enum CodingKeys: String, CodingKey {
            case error, code, field, requestID = "request_id"
        }
    }

    /// The suite's error for whatever was thrown.
    public static func serviceError(_ error: any Error) -> ServiceError {
        switch error {
        case let error as ServiceError: error
        case let error as any InputError: ServiceError(.validation, error.message, field: error.field)
        case let error as StorageError: ServiceError.internal("\(error)")
        case is CancellationError: ServiceError(.unavailable, "the request was cut short", retryAfterSeconds: 1)
        default: ServiceError.internal("\(error)")
        }
    }

    public static func response(_ error: ServiceError, requestID: String?) -> Response {
        var response = make(Status(error.kind.status), error.message, error.code, error.field, requestID)
        if error.kind == .unauthenticated { response.headers.add("www-authenticate", "Bearer".utf8) }
        if let seconds = error.retryAfterSeconds { response.headers.add("retry-after", String(seconds).utf8) }
        return response
    }

    /// A refusal of the HTTP engine itself.
    public static func response(_ error: HTTPError, requestID: String?) -> Response {
        make(error.status, error.message, "http_\(error.status.code)", nil, requestID)
    }

    private static func make(_ status: Status, _ message: String, _ code: String, _ field: String?, _ requestID: String?)
        -> Response
    {
        let shape = Shape(error: message, code: code, field: field, requestID: requestID)
        // try?: four strings always encode; were they not to, an empty object says as much.
        return .json((try? JSON.encode(shape)) ?? Array("{}".utf8), status: status)
    }
}
