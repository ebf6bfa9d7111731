import HTTP
import Models
import Service

/// A line of the gateway's table: who answers a method of a path.
final class GatewayRoute: Sendable {
    let owner: GatewayTable.Owner
    let pattern: String

    init(_ method: Method, _ pattern: String, _ owner: GatewayTable.Owner) {
        self.owner = owner
        self.pattern = pattern
    }
}
