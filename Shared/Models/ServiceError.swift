/// The one error of the suite: what kind it is, what the caller may read, and what only the log sees.
///
/// It crosses services whole (`{ "error", "code", "field" }`) and becomes an HTTP status in one place.
public struct ServiceError: Error, Sendable, Equatable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case validation, unauthenticated, forbidden, notFound = "not_found", methodNotAllowed = "method_not_allowed", conflict
        case preconditionFailed = "precondition_failed", tooLarge = "too_large", unsupportedMediaType = "unsupported_media_type"
        case rateLimited = "rate_limited", upstream, unavailable, timeout, diskFull = "disk_full", `internal`

        /// The HTTP status of this kind of error.
        public var status: UInt16 {
            switch self {
            case .validation: 400
            case .unauthenticated: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict: 409
            case .preconditionFailed: 412
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .rateLimited: 429
            case .internal: 500
            case .upstream: 502
            case .unavailable: 503
            case .timeout: 504
            case .diskFull: 507
            }
        }
    }

    public let kind: Kind
    /// Tells the caller what is wrong and what to do; holds no internals.
    public let message: String
    /// A stable word in snake case; the kind's own unless something more exact is known.
    public let code: String
    /// The request's field that is wrong.
    public let field: String?
    /// For the log only.
    public let cause: String?
    /// Seconds after which trying again may help.
    public let retryAfterSeconds: Int?

    public init(
        _ kind: Kind, _ message: String, code: String? = nil, field: String? = nil, cause: String? = nil,
        retryAfterSeconds: Int? = nil
    ) {
        self.kind = kind
        self.message = message
        self.code = code ?? kind.rawValue
        self.field = field
        self.cause = cause
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// 400: `"<field>: <problem>"`.
    public static func invalid(_ field: String, _ problem: String) -> ServiceError {
        ServiceError(.validation, "\(field): \(problem)", field: field)
    }

    /// 404: `"no such <noun>"`, whether it does not exist or is not visible to the caller.
    public static func notFound(_ noun: String) -> ServiceError { ServiceError(.notFound, "no such \(noun)") }

    /// 409.
    public static func conflict(_ message: String, code: String? = nil) -> ServiceError {
        ServiceError(.conflict, message, code: code)
    }

    /// 403.
    public static func forbidden(_ message: String) -> ServiceError { ServiceError(.forbidden, message) }

    /// 401, with one message for every way in which a credential can be bad.
    public static let unauthenticated = ServiceError(.unauthenticated, "authentication required: no valid credential was sent")

    /// 500: a bug. The cause goes to the log.
    public static func `internal`(_ cause: String) -> ServiceError {
        ServiceError(.internal, "internal error", cause: cause)
    }
}
