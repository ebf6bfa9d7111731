import HTTP
import Models

/// Which service answers which paths. The most exact pattern wins, so a path of one service may lie inside another's.
public enum GatewayTable {
    /// Who answers a path.
    enum Owner: Sendable, Hashable {
        case service(ServiceName)
        /// Inbound webhooks: the service checks a signature, and no token is asked for.
        case signed(ServiceName)
    }

    static let paths: [(pattern: String, owner: Owner)] =
        ServiceName.allCases.flatMap { name -> [(pattern: String, owner: Owner)] in
            [(name.prefix, .service(name)), (name.prefix + "/{rest...}", .service(name))]
        } + [
            ("/api/projects", .service(.goals)),
            ("/api/projects/{rest...}", .service(.goals)),
            ("/api/projects/{project}/tasks", .service(.tasks)),
            ("/api/projects/{project}/issues", .service(.board)),
            ("/api/projects/{project}/sync-issues", .service(.board)),
            ("/api/projects/issues/{rest...}", .service(.board)),
            ("/api/projects/attachments/{rest...}", .service(.board)),
            ("/api/projects/links/{rest...}", .service(.board)),
            ("/api/issues", .service(.board)),
            ("/api/issues/{rest...}", .service(.board)),
            ("/api/board", .service(.board)),
            ("/api/tasks", .service(.tasks)),
            ("/api/tasks/{rest...}", .service(.tasks)),
            ("/api/v1/projects", .service(.goals)),
            ("/api/v1/projects/{project}", .service(.goals)),
            ("/api/v1/{rest...}", .service(.board)),
        ]
        + ["plane", "github", "gitlab", "jira", "ci"].flatMap { provider -> [(pattern: String, owner: Owner)] in
            [
                ("/webhooks-api/\(provider)", .signed(.webhooks)),
                ("/webhooks-api/\(provider)/{endpoint}", .signed(.webhooks)),
            ]
        }

    /// The gateway's own path that lies inside a service's.
    private static let ownPath = Array("/api/v1/ws-token".utf8)

    /// Whether a path that the table has is answered by the gateway itself.
    static func isOwn(_ path: ArraySlice<UInt8>) -> Bool { path.count == ownPath.count && path.elementsEqual(ownPath) }

    /// The methods that are passed on; the service answers 405 for those that a path does not have.
    static let methods: [Method] = [.get, .post, .put, .patch, .delete, .options]

    /// Which service a request goes to; nil when it is the gateway's own, or nobody's.
    public static func owner(of method: Method, _ path: String) -> ServiceName? {
        guard case .found(let owner, _) = router({ $2 }).match(method, ArraySlice(Array(path.utf8))) else { return nil }
        switch owner {
        case .service(let name), .signed(let name): return name
        }
    }

    static func router<Line>(_ make: (Method, String, Owner) -> Line) -> Router<Line> {
        var router = Router<Line>()
        for (pattern, owner) in paths {
            for method in methods { router.add(method, pattern, make(method, pattern, owner)) }
        }
        return router
    }
}
