import Identity
import Models
import Storage

/// The secrets of endpoints and subscriptions, sealed, apart from what is answered.
struct SecretStore: Sendable {
    let box: SecretBox

    /// Keeps a secret; nil forgets it.
    func set(_ secret: [UInt8]?, of owner: String, workspace: String, in transaction: Transaction) throws {
        _ = try transaction.run("DELETE FROM webhook_secrets WHERE workspace_id = ? AND owner_id = ?", workspace, owner)
        guard let secret else { return }
        let sealed = try box.seal(secret, context: context(owner, workspace))
        _ = try transaction.run(
            "INSERT INTO webhook_secrets (workspace_id, owner_id, sealed) VALUES (?, ?, ?)", workspace, owner, sealed)
    }

    /// The secret of an endpoint or a subscription; nil when it has none.
    func secret(of owner: String, workspace: String, in reader: any SQLReader) throws -> [UInt8]? {
        let sealed = try reader.one(
            "SELECT sealed FROM webhook_secrets WHERE workspace_id = ? AND owner_id = ?", workspace, owner
        ) { $0.bytes(0) }
        return try sealed.map { try box.open($0, context: context(owner, workspace)) }
    }

    private func context(_ owner: String, _ workspace: String) -> String { "webhook_secrets.\(workspace).\(owner)" }
}
