public import Models

/// What identities may be called, and who may give whom what.
public enum IdentityRules {
    private static let nameCharactersMax = 128
    private static let usernameBytesMax = 64
    private static let emailBytesMax = 254

    /// 1–64 of ASCII letters, digits and `._-@+`, so that two usernames which look alike are alike.
    /// - Throws: `ServiceError` 400 naming `username`.
    public static func checkUsername(_ username: String) throws(ServiceError) {
        let allowed = username.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || [46, 95, 45, 64, 43].contains($0)
        }
        guard !username.isEmpty, username.utf8.count <= usernameBytesMax, allowed else {
            throw .invalid("username", "must be 1 to \(usernameBytesMax) ASCII letters, digits or . _ - @ +")
        }
        // An id is taken wherever a username is.
        guard !username.lowercased().hasPrefix("user_") else { throw .invalid("username", "must not begin with user_") }
    }

    /// A name for people, without the spaces around it.
    /// - Throws: `ServiceError` 400 naming `field`.
    public static func name(_ name: String, field: String) throws(ServiceError) -> String {
        let scalars = name.unicodeScalars
        let trimmed = String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        guard !trimmed.isEmpty else { throw .invalid(field, "required") }
        guard scalars.count <= nameCharactersMax else {
            throw .invalid(field, "must have at most \(nameCharactersMax) characters")
        }
        guard scalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw .invalid(field, "must not have control characters")
        }
        return trimmed
    }

    /// - Throws: `ServiceError` 400 naming `email`.
    static func email(_ email: String) throws(ServiceError) -> String {
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), email.utf8.count <= emailBytesMax,
            email.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value != 127 })
        else { throw .invalid("email", "must be an e-mail address") }
        return email
    }

    /// - Throws: `ServiceError` 400 naming `slug`.
    static func checkSlug(_ slug: String) throws(ServiceError) {
        guard Slug.isValid(slug) else {
            throw .invalid("slug", "must be 1 to \(Slug.lengthMax) of a-z, 0-9 and single inner hyphens")
        }
    }

    /// Nobody gives a role that they have not: neither to a user, a member, nor a key.
    /// - Parameter workspace: the id of the workspace in which the role is given.
    /// - Throws: `ServiceError` 403.
    public static func checkMayGrant(_ role: Role, in workspace: String, by principal: Principal) throws(ServiceError) {
        if isSuiteOwner(principal) { return }
        guard let own = principal.role(in: workspace), own >= .admin, own >= role else {
            throw .forbidden("only who has the role \(role.rawValue) in a workspace may give it there")
        }
    }

    /// Whoever changes another's account (a password, above all) can become them: they must have, in every workspace of that
    /// user, a role no lower than the user's. Owners of the first workspace may change all, and all themselves. What memberships
    /// become is `checkMayReplace`'s.
    /// - Throws: `ServiceError` 403.
    public static func checkMayManage(_ user: User, by principal: Principal) throws(ServiceError) {
        if isSuiteOwner(principal) || (principal.kind == .user && principal.id == user.id) { return }
        for membership in user.memberships {
            guard let own = principal.role(in: membership.workspaceID), own >= .admin, own >= membership.role else {
                throw .forbidden("this user has a role in a workspace that this credential does not administer")
            }
        }
        guard !user.memberships.isEmpty else { throw .forbidden("only an owner of the workspace default may change this user") }
    }

    /// Whoever replaces a user's memberships must be allowed to give each role that comes, goes or changes.
    /// - Throws: `ServiceError` 403.
    public static func checkMayReplace(_ old: [Membership], by new: [Membership], as principal: Principal) throws(ServiceError) {
        for membership in new where !old.contains(membership) {
            try checkMayGrant(membership.role, in: membership.workspaceID, by: principal)
        }
        for membership in old where !new.contains(membership) {
            try checkMayGrant(membership.role, in: membership.workspaceID, by: principal)
        }
    }

    /// An owner of the first workspace administers the suite.
    public static func isSuiteOwner(_ principal: Principal) -> Bool {
        principal.role(in: Workspace.first) == .owner && principal.scopes == nil
    }
}
