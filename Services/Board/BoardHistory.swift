import Storage

/// Steps of the schema as they were, and how what lay in them is carried over.
enum BoardHistory {
    /// Issues before there were crews.
    static let issues = """
        CREATE TABLE issues (
            workspace_id TEXT NOT NULL,
            id TEXT NOT NULL,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            identifier TEXT,
            project_id TEXT,
            status TEXT,
            priority TEXT,
            assignee_id TEXT,
            title TEXT,
            rank TEXT,
            document TEXT NOT NULL,
            PRIMARY KEY (workspace_id, id)
        );
        CREATE INDEX issues_by_created_at ON issues (workspace_id, created_at, id);
        CREATE UNIQUE INDEX issues_identifier_unique ON issues (workspace_id, identifier);
        CREATE INDEX issues_by_project_id_created_at ON issues (workspace_id, project_id, created_at, id);
        CREATE INDEX issues_by_assignee_id_created_at ON issues (workspace_id, assignee_id, created_at, id);
        CREATE INDEX issues_by_project_id_status_rank ON issues (workspace_id, project_id, status, rank, id);
        CREATE INDEX issues_by_status_rank ON issues (workspace_id, status, rank, id);
        """

    static let comments = """
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
        """

    static let beforeCrews = """
        DROP INDEX issues_by_created_at;
        DROP INDEX issues_identifier_unique;
        DROP INDEX issues_by_project_id_created_at;
        DROP INDEX issues_by_assignee_id_created_at;
        DROP INDEX issues_by_project_id_status_rank;
        DROP INDEX issues_by_status_rank;
        ALTER TABLE issues RENAME TO old_issues;

        """

    /// What was there before: every workspace's issues go into its default crew, with their numbers and in their order; labels
    /// that were words become labels of the workspace. A made id is materialized, so that it is the same wherever it stands.
    static let afterCrews = """

        CREATE INDEX task_cards_by_status ON task_cards (workspace_id, column_status, position, id);
        INSERT INTO crews (workspace_id, id, version, created_at, updated_at, slug, is_default, document)
            WITH made AS MATERIALIZED (
                SELECT workspace_id, 'crew_' || lower(hex(randomblob(13))) AS id, unixepoch() * 1000 AS now,
                    strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS text FROM issue_numbers)
            SELECT workspace_id, id, 1, now, now, 'general', 1, json_object(
                'id', id, 'workspace_id', workspace_id, 'name', 'General', 'slug', 'general',
                'description', 'Issues that belong to no other crew.', 'issue_prefix', 'ISS', 'agent_ids', json('[]'),
                'on_run_done', 'review', 'is_default', json('true'), 'created_at', text, 'updated_at', text)
            FROM made;
        INSERT INTO crew_counters SELECT n.workspace_id, c.id, n.last
            FROM issue_numbers n JOIN crews c ON c.workspace_id = n.workspace_id;
        INSERT INTO labels (workspace_id, id, version, created_at, updated_at, name, document)
            WITH made AS MATERIALIZED (
                SELECT workspace_id, 'label_' || lower(hex(randomblob(13))) AS id, name, unixepoch() * 1000 AS now,
                    strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS text
                FROM (SELECT DISTINCT i.workspace_id, j.value AS name FROM old_issues i, json_each(i.document, '$.labels') j))
            SELECT workspace_id, id, 1, now, now, name, json_object(
                'id', id, 'workspace_id', workspace_id, 'name', name, 'color', '#8b949e', 'created_at', text, 'updated_at', text)
            FROM made;
        INSERT INTO issues (workspace_id, id, version, created_at, updated_at, crew_id, identifier, number, project_id, status,
                priority, assignee_id, goal_id, due_date, estimate, sort_order, rank, document)
            SELECT i.workspace_id, i.id, i.version, i.created_at, i.updated_at, c.id, i.identifier,
                json_extract(i.document, '$.number'), i.project_id, i.status,
                CASE i.priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 WHEN 'urgent' THEN 4 ELSE 0 END,
                i.assignee_id, json_extract(i.document, '$.goal_id'), json_extract(i.document, '$.due_date'),
                json_extract(i.document, '$.estimate'), json_extract(i.document, '$.number'), i.rank,
                json_set(json_remove(i.document, '$.labels'), '$.crew_id', c.id, '$.paused', json('false'),
                    '$.sort_order', json_extract(i.document, '$.number'),
                    '$.label_ids', (SELECT json_group_array(l.id) FROM json_each(i.document, '$.labels') j
                        JOIN labels l ON l.workspace_id = i.workspace_id AND l.name = j.value))
            FROM old_issues i JOIN crews c ON c.workspace_id = i.workspace_id;
        INSERT INTO issue_labels SELECT i.workspace_id, i.id, j.value, i.created_at
            FROM issues i, json_each(i.document, '$.label_ids') j;
        INSERT INTO comments (workspace_id, id, version, created_at, updated_at, issue_id, document)
            SELECT workspace_id, id, 1, unixepoch(json_extract(document, '$.created_at')) * 1000,
                unixepoch(json_extract(document, '$.created_at')) * 1000, issue_id,
                json_set(document, '$.authored_via',
                    CASE json_extract(document, '$.author.type') WHEN 'agent' THEN 'agent_tool_call' ELSE 'user_api' END)
            FROM issue_comments;
        DROP TABLE old_issues;
        DROP TABLE issue_comments;
        DROP TABLE issue_numbers;
        """

    /// What was written before it could be searched.
    static func texts(_ issues: FullTextIndex, _ comments: FullTextIndex) -> String {
        // The workspace stands in each row as one word: `w` and its bytes in hexadecimal.
        """

        INSERT INTO \(issues.name)_rows (workspace_id, id) SELECT workspace_id, id FROM issues;
        INSERT INTO \(issues.name) (rowid, workspace, title, description)
            SELECT r.number, 'w' || lower(hex(r.workspace_id)), json_extract(i.document, '$.title'),
                json_extract(i.document, '$.description')
            FROM \(issues.name)_rows r JOIN issues i ON i.workspace_id = r.workspace_id AND i.id = r.id;
        INSERT INTO \(comments.name)_rows (workspace_id, id) SELECT workspace_id, id FROM comments;
        INSERT INTO \(comments.name) (rowid, workspace, content)
            SELECT r.number, 'w' || lower(hex(r.workspace_id)), json_extract(c.document, '$.content')
            FROM \(comments.name)_rows r JOIN comments c ON c.workspace_id = r.workspace_id AND c.id = r.id;
        """
    }
}
