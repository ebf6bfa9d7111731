import Service

extension WebhooksService {
    public var routes: Routes {
        Routes("/webhooks-api") {
            GET("/endpoints", .admin, "Lists endpoints", endpoints.list).paged("provider", "project_id")
            POST("/endpoints", .admin, "Makes an endpoint for a provider's webhooks", endpoints.create)
            GET("/endpoints/{id}", .admin, "Shows an endpoint", endpoints.show)
            PATCH("/endpoints/{id}", .admin, "Changes an endpoint", endpoints.update)
            DELETE("/endpoints/{id}", .admin, "Deletes an endpoint", endpoints.delete)
            GET("/deliveries", .admin, "Lists webhooks that came in or go out", deliveries.list)
                .paged("direction", "status", "endpoint_id", "subscription_id", "event")
            GET("/deliveries/{id}", .admin, "Shows a webhook with what was in it", deliveries.show)
            POST("/deliveries/{id}/redeliver", .admin, "Tells of a webhook again, or sends it again", deliveries.redeliver)
            GET("/subscriptions", .admin, "Lists subscriptions", subscriptions.list).paged("enabled")
            POST("/subscriptions", .admin, "Subscribes an address to events", subscriptions.create)
            GET("/subscriptions/{id}", .admin, "Shows a subscription", subscriptions.show)
            PATCH("/subscriptions/{id}", .admin, "Changes a subscription", subscriptions.update)
            DELETE("/subscriptions/{id}", .admin, "Ends a subscription", subscriptions.delete)
            POST("/subscriptions/{id}/test", .admin, "Sends a subscriber a test at once", subscriptions.test)
        } + inboundRoutes
    }

    /// Two paths for each provider. The signature of what is sent stands for a credential.
    private var inboundRoutes: Routes {
        Routes("/webhooks-api") {
            POST("/plane", .open, "Takes a webhook of Plane", media: json, inbound.receive(.plane))
            POST("/plane/{endpointId}", .open, "Takes a webhook of Plane", media: json, inbound.receive(.plane, at: endpoint))
            POST("/github", .open, "Takes a webhook of GitHub", media: json, inbound.receive(.github))
            POST("/github/{endpointId}", .open, "Takes a webhook of GitHub", media: json, inbound.receive(.github, at: endpoint))
            POST("/gitlab", .open, "Takes a webhook of GitLab", media: json, inbound.receive(.gitlab))
            POST("/gitlab/{endpointId}", .open, "Takes a webhook of GitLab", media: json, inbound.receive(.gitlab, at: endpoint))
            POST("/jira", .open, "Takes a webhook of Jira", media: json, inbound.receive(.jira))
            POST("/jira/{endpointId}", .open, "Takes a webhook of Jira", media: json, inbound.receive(.jira, at: endpoint))
            POST("/ci", .open, "Takes a webhook of a CI", media: json, inbound.receive(.ci))
            POST("/ci/{endpointId}", .open, "Takes a webhook of a CI", media: json, inbound.receive(.ci, at: endpoint))
        }
    }

    private var json: String { "application/json" }
    private var endpoint: StaticString { "endpointId" }
}
