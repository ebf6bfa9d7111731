import Storage

/// The schema's steps; append-only.
enum BoardMigrations {
    static let all = [
        Migration("issues", IssueStore.table.schema),
        Migration(
            "comments, numbers and cards",
            """
            CREATE TABLE issue_comments (
                workspace_id TEXT NOT NULL,
                id TEXT NOT NULL,
                issue_id TEXT NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (workspace_id, id)
            );
            CREATE INDEX issue_comments_by_issue ON issue_comments (workspace_id, issue_id, id);
            CREATE TABLE issue_numbers (
                workspace_id TEXT PRIMARY KEY,
                last INTEGER NOT NULL
            );
            CREATE TABLE task_cards (
                workspace_id TEXT NOT NULL,
                id TEXT NOT NULL,
                project_id TEXT,
                column_status TEXT NOT NULL,
                position INTEGER NOT NULL,
                sequence INTEGER NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (workspace_id, id)
            );
            CREATE INDEX task_cards_by_column ON task_cards (workspace_id, project_id, column_status, position, id);
            """),
        Migration("integrations", IntegrationStore.table.schema),
        Migration(
            "credentials of integrations",
            """
            CREATE TABLE integration_credentials (
                workspace_id TEXT NOT NULL,
                integration_id TEXT NOT NULL,
                sealed BLOB NOT NULL,
                PRIMARY KEY (workspace_id, integration_id)
            );
            """),
    ]
}
