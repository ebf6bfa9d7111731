public import Models

/// Who may call a route, as the route tables declare it: `.viewer`, `.manager`, `.viewer.orAgent`, `.agent`, `.authenticated`,
/// `.service`, `.open`.
public struct Access: Sendable, Hashable {
    /// The least role in the request's workspace; nil when the route is not for roles.
    public let minimum: Role?
    /// Agent tokens may call too. What of it is theirs (their run, task, project, …) is the handler's to check, by
    /// `Principal.run`.
    public let agentsAllowed: Bool
    /// No credential is needed.
    public let isOpen: Bool
    /// Only the suite's own services.
    public let servicesOnly: Bool
    /// Any valid credential, whatever its role and scopes.
    public let anyCredential: Bool

    private init(
        minimum: Role? = nil, agentsAllowed: Bool = false, isOpen: Bool = false, servicesOnly: Bool = false,
        anyCredential: Bool = false
    ) {
        self.minimum = minimum
        self.agentsAllowed = agentsAllowed
        self.isOpen = isOpen
        self.servicesOnly = servicesOnly
        self.anyCredential = anyCredential
    }

    /// Nobody needs to say who they are.
    public static let open = Access(isOpen: true)
    public static let viewer = Access(minimum: .viewer)
    public static let editor = Access(minimum: .editor)
    public static let manager = Access(minimum: .manager)
    public static let admin = Access(minimum: .admin)
    public static let owner = Access(minimum: .owner)
    /// Agent tokens alone: the report routes. An operator is 403 here.
    public static let agent = Access(agentsAllowed: true)
    /// The suite's own services alone.
    public static let service = Access(servicesOnly: true)
    /// Whoever has a valid credential, to be told who they are.
    public static let authenticated = Access(agentsAllowed: true, anyCredential: true)

    /// The same, and agent tokens of the workspace.
    public var orAgent: Access {
        Access(minimum: minimum, agentsAllowed: true, isOpen: isOpen, servicesOnly: servicesOnly, anyCredential: anyCredential)
    }

    /// Refuses a caller who may not.
    ///
    /// A route for viewers changes nothing by definition, so a key with the read scope may call it whatever its method (`POST
    /// /search`).
    /// - Parameters:
    ///   - principal: the verified caller; nil when the request carried no valid credential.
    ///   - workspace: the id of the request's workspace, `principal.workspace(asked:)`.
    ///   - isWrite: the method is not safe (RFC 9110 §9.2.1).
    ///   - service: the service of the route, by which scopes are named; nil for the gateway's own routes, which no limited key
    ///     may call.
    /// - Throws: `ServiceError` 401 without a valid credential, 403 when the caller may not.
    public func check(_ principal: Principal?, workspace: String, isWrite: Bool, service: ServiceName?) throws(ServiceError) {
        if isOpen { return }
        guard let principal else { throw .unauthenticated }
        switch principal.kind {
        case .service: try checkService()
        case .agent: try checkAgent(principal, workspace: workspace)
        case .user, .apiKey: try checkRole(of: principal, workspace: workspace, isWrite: isWrite, service: service)
        }
    }

    private func checkService() throws(ServiceError) {
        guard servicesOnly || minimum != nil || anyCredential else { throw .forbidden("only an agent's own token may call this") }
    }

    private func checkAgent(_ principal: Principal, workspace: String) throws(ServiceError) {
        guard let run = principal.run else { throw .unauthenticated }
        guard agentsAllowed else { throw .forbidden("an agent's token may not call this") }
        let isReport = minimum == nil && !anyCredential
        if run.ended, !isReport { throw .unauthenticated }
        guard run.workspace == workspace else { throw .forbidden("an agent's token reaches only the workspace of its run") }
    }

    private func checkRole(
        of principal: Principal, workspace: String, isWrite: Bool, service: ServiceName?
    ) throws(ServiceError) {
        if anyCredential { return }
        guard let minimum else {
            throw .forbidden(servicesOnly ? "this is not for clients" : "only an agent's own token may call this")
        }
        guard let role = principal.role(in: workspace) else { throw .forbidden("no role in this workspace") }
        guard role >= minimum else {
            throw .forbidden("needs the role \(minimum.rawValue); this credential's is \(role.rawValue)")
        }
        guard let scopes = principal.scopes else { return }
        guard let service else { throw .forbidden("a key with scopes may not call this") }
        let needed = Scope(service, isWrite && minimum != .viewer ? .write : .read)
        guard scopes.grants(needed) else { throw .forbidden("needs the scope \(needed.rawValue)") }
    }
}

extension Access: CustomStringConvertible {
    /// For the OpenAPI entry: `open`, `manager`, `viewer or agent`, `agent`, `service`, `authenticated`.
    public var description: String {
        if isOpen { return "open" }
        if servicesOnly { return "service" }
        if anyCredential { return "authenticated" }
        guard let minimum else { return "agent" }
        return agentsAllowed ? "\(minimum.rawValue) or agent" : minimum.rawValue
    }
}
