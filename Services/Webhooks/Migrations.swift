import Storage

/// The schema's steps; append-only.
enum WebhookMigrations {
    static let all = [
        Migration("endpoints and subscriptions", EndpointStore.table.schema + "\n" + SubscriptionStore.table.schema),
        Migration(
            "secrets",
            """
            CREATE TABLE webhook_secrets (
                workspace_id TEXT NOT NULL,
                owner_id TEXT NOT NULL,
                sealed BLOB NOT NULL,
                PRIMARY KEY (workspace_id, owner_id)
            ) WITHOUT ROWID;
            """),
        Migration("deliveries", DeliveryStore.table.schema),
        Migration(
            "payloads and queue",
            """
            CREATE TABLE webhook_payloads (
                workspace_id TEXT NOT NULL,
                delivery_id TEXT NOT NULL,
                payload BLOB NOT NULL,
                PRIMARY KEY (workspace_id, delivery_id)
            );
            CREATE TABLE webhook_queue (
                delivery_id TEXT PRIMARY KEY,
                workspace_id TEXT NOT NULL,
                subscription_id TEXT NOT NULL,
                due_at INTEGER NOT NULL,
                leased_until INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE INDEX webhook_queue_by_due ON webhook_queue (due_at);
            CREATE INDEX webhook_queue_by_subscription ON webhook_queue (subscription_id, leased_until);
            CREATE INDEX webhook_endpoints_by_id ON webhook_endpoints (id);
            CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);
            """),
    ]
}
