import HTTP
import Models
import Service

/// `OPTIONS` that the gateway answers itself (RFC 9110 §9.3.7): of the server as a whole, and where `Max-Forwards` says that it
/// goes no further.
enum ServerOptions {
    static let methods = GatewayTable.methods.reduce(MethodSet(.head)) { $0.union(MethodSet($1)) }

    /// 204 with the methods that there are; nil when a service is to answer.
    static func answer(to request: Request) -> Response? {
        let isForServer = request.target == [UInt8(ascii: "*")]
        guard isForServer || request.headers["max-forwards"] == "0" else { return nil }
        var response = Response(.noContent)
        response.headers.add("allow", methods.allow.utf8)
        return response
    }

    /// 405 for a method that no service has, and that none gets to see.
    static func refusal(_ requestID: String) -> Response {
        var response = ErrorRendering.response(
            ServiceError(.methodNotAllowed, "this path allows \(methods.allow)"), requestID: requestID)
        response.headers.add("allow", methods.allow.utf8)
        return response
    }

    /// Counts `Max-Forwards` down by one (§7.6.2); a value that is no number is passed on as it is.
    static func count(_ headers: inout Headers) {
        guard let text = headers["max-forwards"], let left = UInt32(text), left > 0 else { return }
        headers.set("max-forwards", String(left - 1))
    }
}
