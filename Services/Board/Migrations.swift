import Storage

/// The schema's steps; append-only.
enum BoardMigrations {
    static let all = [
        Migration("issues", BoardHistory.issues),
        Migration("comments, numbers and cards", BoardHistory.comments),
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
        Migration(
            "crews, labels and history",
            [CrewStore.table.schema, LabelStore.table.schema, HistoryStore.comments.schema, HistoryStore.activity.schema]
                .joined(separator: "\n")),
        Migration("issues of crews", BoardHistory.beforeCrews + IssueStore.table.schema + relations + BoardHistory.afterCrews),
        Migration(
            "texts",
            IssueStore.texts.schema + HistoryStore.texts.schema + BoardHistory.texts(IssueStore.texts, HistoryStore.texts)),
        Migration("plans of crews", PlanningStore.schema),
        Migration("work", WorkStore.schema),
        Migration("attachments", AttachmentStore.schema),
    ]

    /// What hangs on issues; and their numbers by scope and status, which the database itself keeps with every change.
    static let relations = """

        CREATE INDEX issues_by_parent ON issues (workspace_id, parent_id, sort_order, created_at, id)
            WHERE parent_id IS NOT NULL;
        CREATE INDEX issues_by_milestone ON issues (workspace_id, milestone_id, id) WHERE milestone_id IS NOT NULL;
        CREATE INDEX issues_by_routine ON issues (workspace_id, routine_id, id) WHERE routine_id IS NOT NULL;
        CREATE INDEX issues_by_due_date ON issues (workspace_id, due_date, id) WHERE due_date IS NOT NULL;
        CREATE TABLE crew_counters (
            workspace_id TEXT NOT NULL,
            crew_id TEXT NOT NULL,
            last INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, crew_id)
        ) WITHOUT ROWID;
        CREATE TABLE issue_labels (
            workspace_id TEXT NOT NULL,
            issue_id TEXT NOT NULL,
            label_id TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, issue_id, label_id)
        ) WITHOUT ROWID;
        CREATE INDEX issue_labels_by_label ON issue_labels (workspace_id, label_id, created_at, issue_id);
        CREATE TABLE issue_links (
            workspace_id TEXT NOT NULL,
            id TEXT NOT NULL,
            source_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            target_id TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, id),
            UNIQUE (workspace_id, source_id, kind, target_id)
        );
        CREATE INDEX issue_links_by_target ON issue_links (workspace_id, target_id, kind, source_id);
        CREATE TABLE known (
            workspace_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            slug TEXT,
            name TEXT NOT NULL,
            PRIMARY KEY (workspace_id, kind, id)
        ) WITHOUT ROWID;
        CREATE INDEX known_by_slug ON known (workspace_id, kind, slug);
        CREATE TABLE issue_counts (
            workspace_id TEXT NOT NULL,
            scope TEXT NOT NULL,
            status TEXT NOT NULL,
            issues INTEGER NOT NULL,
            estimate INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, scope, status)
        ) WITHOUT ROWID;
        CREATE TABLE card_counts (
            workspace_id TEXT NOT NULL,
            scope TEXT NOT NULL,
            column_status TEXT NOT NULL,
            cards INTEGER NOT NULL,
            PRIMARY KEY (workspace_id, scope, column_status)
        ) WITHOUT ROWID;
        \(counting("issue_counted", "AFTER INSERT ON issues", [count("NEW", +1)]))
        \(counting("issue_uncounted", "AFTER DELETE ON issues", [count("OLD", -1)]))
        \(counting(
            "issue_recounted",
            """
            AFTER UPDATE ON issues WHEN OLD.status IS NOT NEW.status OR OLD.estimate IS NOT NEW.estimate
                OR OLD.project_id IS NOT NEW.project_id OR OLD.crew_id IS NOT NEW.crew_id
                OR OLD.milestone_id IS NOT NEW.milestone_id OR OLD.parent_id IS NOT NEW.parent_id
            """, [count("OLD", -1), count("NEW", +1)]))
        \(counting("card_counted", "AFTER INSERT ON task_cards", [countCard("NEW", +1)]))
        \(counting("card_uncounted", "AFTER DELETE ON task_cards", [countCard("OLD", -1)]))
        \(counting(
            "card_recounted",
            """
            AFTER UPDATE ON task_cards
                WHEN OLD.column_status IS NOT NEW.column_status OR OLD.project_id IS NOT NEW.project_id
            """, [countCard("OLD", -1), countCard("NEW", +1)]))
        INSERT INTO card_counts
            SELECT workspace_id, scope, column_status, count(*) FROM (
                SELECT workspace_id, 'all' AS scope, column_status FROM task_cards
                UNION ALL SELECT workspace_id, 'project:' || project_id, column_status FROM task_cards
                    WHERE project_id IS NOT NULL
            ) GROUP BY workspace_id, scope, column_status;
        """

    private static func counting(_ name: String, _ event: String, _ statements: [String]) -> String {
        "CREATE TRIGGER \(name) \(event) BEGIN \(statements.joined(separator: " ")) END;"
    }

    private static func count(_ row: String, _ sign: Int) -> String {
        """
        INSERT INTO issue_counts (workspace_id, scope, status, issues, estimate)
            SELECT \(row).workspace_id, scope, \(row).status, \(sign), \(sign) * coalesce(\(row).estimate, 0) FROM (
                SELECT 'all' AS scope UNION ALL SELECT 'project:' || \(row).project_id UNION ALL SELECT 'crew:' || \(row).crew_id
                UNION ALL SELECT 'milestone:' || \(row).milestone_id UNION ALL SELECT 'parent:' || \(row).parent_id
            ) WHERE scope IS NOT NULL
            ON CONFLICT (workspace_id, scope, status)
                DO UPDATE SET issues = issues + excluded.issues, estimate = estimate + excluded.estimate;
        """
    }

    private static func countCard(_ row: String, _ sign: Int) -> String {
        """
        INSERT INTO card_counts (workspace_id, scope, column_status, cards)
            SELECT \(row).workspace_id, scope, \(row).column_status, \(sign)
            FROM (SELECT 'all' AS scope UNION ALL SELECT 'project:' || \(row).project_id) WHERE scope IS NOT NULL
            ON CONFLICT (workspace_id, scope, column_status) DO UPDATE SET cards = cards + excluded.cards;
        """
    }
}
