import Storage

/// The schema of `identity.sqlite`. Append-only.
enum IdentityMigrations {
    static let all: [Migration] = [
        Migration(
            "identities",
            """
            CREATE TABLE workspaces (
                id TEXT PRIMARY KEY,
                slug TEXT NOT NULL UNIQUE,
                name TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) WITHOUT ROWID;

            CREATE TABLE users (
                id TEXT PRIMARY KEY,
                username TEXT NOT NULL UNIQUE COLLATE NOCASE,
                password_hash TEXT NOT NULL,
                display_name TEXT NOT NULL,
                email TEXT,
                disabled INTEGER NOT NULL DEFAULT 0,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) WITHOUT ROWID;

            CREATE TABLE memberships (
                user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
                workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
                role TEXT NOT NULL,
                PRIMARY KEY (user_id, workspace_id)
            ) WITHOUT ROWID;
            CREATE INDEX memberships_of_workspace ON memberships (workspace_id, user_id);

            CREATE TABLE api_keys (
                id TEXT PRIMARY KEY,
                workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
                hash BLOB NOT NULL UNIQUE,
                name TEXT NOT NULL,
                prefix TEXT NOT NULL,
                role TEXT NOT NULL,
                scopes TEXT,
                creator_type TEXT NOT NULL,
                creator_id TEXT NOT NULL,
                creator_name TEXT,
                created_at INTEGER NOT NULL,
                expires_at INTEGER,
                revoked_at INTEGER,
                last_used_at INTEGER
            ) WITHOUT ROWID;
            CREATE INDEX api_keys_of_workspace ON api_keys (workspace_id, id);

            CREATE TABLE sign_ins (
                id TEXT PRIMARY KEY,
                user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
                cookie_hash BLOB UNIQUE,
                cookie_expires_at INTEGER,
                created_at INTEGER NOT NULL,
                expires_at INTEGER NOT NULL,
                revoked_at INTEGER
            ) WITHOUT ROWID;
            CREATE INDEX sign_ins_of_user ON sign_ins (user_id);
            CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

            CREATE TABLE refresh_tokens (
                hash BLOB PRIMARY KEY,
                sign_in_id TEXT NOT NULL REFERENCES sign_ins(id) ON DELETE CASCADE,
                used_at INTEGER
            ) WITHOUT ROWID;
            CREATE INDEX refresh_tokens_of_sign_in ON refresh_tokens (sign_in_id);
            """)
    ]
}
