import Models
import Storage

/// What a refresh token was found to be.
enum Refreshed: Sendable {
    case renewed(signIn: String, user: String)
    /// No such token, or of a sign-in that is over.
    case unknown
    /// It had been used before: somebody has a copy. The whole sign-in is over now.
    case reused(signIn: String)
}

/// A sign-in is one family of refresh tokens, of which one is good at a time, and perhaps a session cookie; all of it ends
/// together.
extension IdentityStore {
    /// Begins a sign-in, and clears away those that are long over.
    func createSignIn(
        user: String, refreshHash: [UInt8], cookieHash: [UInt8]?, cookieExpires: Timestamp?, expires: Timestamp, now: Timestamp
    ) async throws -> String {
        let id = Identifier.make("signin", at: now)
        try await database.write { transaction in
            try transaction.run("DELETE FROM sign_ins WHERE expires_at < ?", now)
            try transaction.run(
                """
                INSERT INTO sign_ins (id, user_id, cookie_hash, cookie_expires_at, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """, id, user, cookieHash, cookieExpires, now, expires)
            try transaction.run("INSERT INTO refresh_tokens (hash, sign_in_id) VALUES (?, ?)", refreshHash, id)
        }
        return id
    }

    /// Exchanges a refresh token for a new one. The reuse of an old one revokes the sign-in.
    func refresh(hash: [UInt8], newHash: [UInt8], now: Timestamp) async throws -> Refreshed {
        // What is found is returned, not thrown: an error would undo the revocation.
        try await database.write { transaction in
            let found = try transaction.one(
                """
                SELECT sign_ins.id, user_id, used_at IS NOT NULL, revoked_at IS NULL AND expires_at > ? AND users.disabled = 0
                FROM refresh_tokens JOIN sign_ins ON sign_ins.id = sign_in_id JOIN users ON users.id = user_id WHERE hash = ?
                """, now, hash
            ) { (signIn: $0.text(0), user: $0.text(1), isUsed: $0.bool(2), isAlive: $0.bool(3)) }
            guard let found else { return .unknown }
            if found.isUsed {
                try transaction.run("UPDATE sign_ins SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now, found.signIn)
                return .reused(signIn: found.signIn)
            }
            guard found.isAlive else { return .unknown }
            try transaction.run("UPDATE refresh_tokens SET used_at = ? WHERE hash = ?", now, hash)
            try transaction.run("INSERT INTO refresh_tokens (hash, sign_in_id) VALUES (?, ?)", newHash, found.signIn)
            return .renewed(signIn: found.signIn, user: found.user)
        }
    }

    /// Ends the sign-in of a refresh token or a cookie.
    /// - Returns: its id; nil when there is none.
    func endSignIn(refreshHash: [UInt8]?, cookieHash: [UInt8]?, now: Timestamp) async throws -> String? {
        try await database.write { transaction in
            let found = try transaction.one(
                """
                SELECT id FROM sign_ins WHERE cookie_hash = ?
                UNION ALL SELECT sign_in_id FROM refresh_tokens WHERE hash = ? LIMIT 1
                """, cookieHash, refreshHash
            ) { $0.text(0) }
            guard let found else { return nil }
            try transaction.run("UPDATE sign_ins SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now, found)
            return found
        }
    }

    /// Ends the sign-in with this id.
    func endSignIn(_ id: String, now: Timestamp) async throws {
        try await database.write {
            try $0.run("UPDATE sign_ins SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now, id)
        }
    }

    /// The user and the end of the session with this cookie; nil when it is over or there is none.
    func session(cookieHash: [UInt8], now: Timestamp) async throws -> (signIn: String, user: String, expires: Timestamp)? {
        try await database.read { reader in
            try reader.one(
                """
                SELECT id, user_id, cookie_expires_at FROM sign_ins
                WHERE cookie_hash = ? AND revoked_at IS NULL AND cookie_expires_at > ? AND expires_at > ?
                """, cookieHash, now, now
            ) { ($0.text(0), $0.text(1), $0.timestamp(2)) }
        }
    }

    /// Whether the sign-in with this id is neither revoked nor expired.
    func isSignInAlive(_ id: String, user: String, now: Timestamp) async throws -> Bool {
        try await database.read { reader in
            try reader.one(
                "SELECT 1 FROM sign_ins WHERE id = ? AND user_id = ? AND revoked_at IS NULL AND expires_at > ?", id, user, now
            ) { _ in true } ?? false
        }
    }

    static func revokeSignIns(ofUser user: String, _ transaction: Transaction, _ now: Timestamp) throws {
        try transaction.run("UPDATE sign_ins SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL", now, user)
    }
}
