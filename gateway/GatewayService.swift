import Events
import HTTP
import Identity
import Models
import Service

/// The gateway's own routes: accounts, health of the whole suite, the merged OpenAPI document, the pages.
struct GatewayService: HostedService {
    let environment: ServiceEnvironment
    let accounts: Accounts
    let signIn: SignInHandlers
    let users: UserHandlers
    let keys: APIKeyHandlers
    let workspaces: WorkspaceHandlers
    let suite: SuiteHandlers
    let documents: DocumentHandlers
    let pages: PageHandlers
    let feeds: FeedHandlers

    init(_ environment: ServiceEnvironment, accounts: Accounts, configuration: GatewayConfiguration) {
        self.environment = environment
        self.accounts = accounts
        let rate = LoginRate(perMinute: configuration.limits.loginsPerMinute)
        signIn = SignInHandlers(accounts: accounts, isSecure: configuration.isReachedOverTLS, rate: rate)
        users = UserHandlers(accounts: accounts)
        keys = APIKeyHandlers(accounts: accounts)
        workspaces = WorkspaceHandlers(accounts: accounts)
        suite = SuiteHandlers(peers: environment.peers, metrics: environment.metrics)
        documents = DocumentHandlers(peers: environment.peers)
        pages = PageHandlers(swaggerFolder: configuration.swaggerFolder)
        feeds = FeedHandlers(
            feeds: Feeds(environment, accounts: accounts), token: SocketToken(box: environment.secrets),
            origins: configuration.origins,
            limits: configuration.socketLimits)
    }

    var routes: Routes {
        Routes("") {
            POST("/auth/login", .open, "Signs in with a username and a password", signIn.login)
            POST("/auth/refresh", .open, "Exchanges a refresh token for new tokens", signIn.refresh)
            POST("/auth/logout", .open, "Ends a sign-in", signIn.logout)
            GET("/auth/me", .authenticated, "Shows who the credential is", signIn.me)
            GET("/auth/users", .admin, "Lists the workspace's users", users.list).paged()
            POST("/auth/users", .admin, "Creates a user", users.create)
            GET("/auth/users/{id}", .admin, "Shows a user", users.show)
            PATCH("/auth/users/{id}", .admin, "Changes a user", users.update)
            DELETE("/auth/users/{id}", .admin, "Deletes a user", users.delete)
            GET("/auth/api-keys", .admin, "Lists the workspace's API keys", keys.list).paged()
            POST("/auth/api-keys", .admin, "Creates an API key, shown this once", keys.create)
            GET("/auth/api-keys/{id}", .admin, "Shows an API key's record", keys.show)
            DELETE("/auth/api-keys/{id}", .admin, "Revokes an API key", keys.revoke)
            GET("/auth/workspaces", .authenticated, "Lists the caller's workspaces", workspaces.list).paged()
            POST("/auth/workspaces", .owner, "Creates a workspace", workspaces.create)
            GET("/auth/workspaces/{id}", .authenticated, "Shows a workspace", workspaces.show)
            PATCH("/auth/workspaces/{id}", .authenticated, "Changes a workspace", workspaces.update)
            DELETE("/auth/workspaces/{id}", .authenticated, "Deletes a workspace", workspaces.delete)
            GET("/auth/workspaces/{id}/members", .authenticated, "Lists a workspace's members", workspaces.members).paged()
            POST("/auth/workspaces/{id}/members", .authenticated, "Gives a user a role in a workspace", workspaces.setMember)
            DELETE("/auth/workspaces/{id}/members/{user}", .authenticated, "Removes a member", workspaces.removeMember)
            GET("/events", .authenticated, "Streams what happens in the workspace", feeds.events)
                .query("types", "project_id", "after")
            GET("/ws", .open, "Opens a WebSocket that subscribes to channels", feeds.socket)
            GET("/api/v1/ws-token", .authenticated, "Gives a token for a WebSocket's first message", feeds.socketToken)
            GET("/healthz", .open, "Whether the gateway is alive", suite.health)
            GET("/readyz", .open, "Whether each service answers, by name", suite.readiness)
            GET(
                "/metrics", environment.configuration.opensMetrics ? .open : .viewer, "Prometheus metrics of every service",
                suite.prometheus)
            GET("/api-docs/openapi.json", .open, "The OpenAPI document of the whole suite", document)
            GET("/swagger-ui/", .open, "A page to try the API", pages.swagger)
            GET("/swagger-ui/{file...}", .open, "The files of that page", pages.swaggerFile)
            GET("/", .open, "The dashboard", pages.dashboard)
            GET("/dashboard/{file...}", .open, "The dashboard's files", pages.dashboardFile)
        }
    }

    private func document(_ call: Call) async throws -> Content<JSONMedia> {
        try await documents.openAPI(call, own: routes.routes)
    }

    private static let endsOfTokens = ["run.finished", "run.requeued", "run.lost"]

    func runInBackground() async throws { try await feeds.feeds.hub.run() }

    /// A run that has ended takes its agent's token with it at once.
    var consumers: [EventConsumer] {
        [
            environment.consumer(of: .runs, types: GatewayService.endsOfTokens) {
                [verifier = accounts.verifier] event, transaction in
                transaction.afterCommit { verifier.invalidate(.run(id: event.subjectID)) }
            }
        ]
    }
}
