import HTTP
import Identity
import Models
import Service

/// A page of identities: `{"users":[…],"next_cursor":…}`.
struct IdentityListing<Item: Codable & Sendable>: Answer {
    let page: IdentityPage<Item>
    let plural: String

    static var description: AnswerDescription { AnswerDescription(200, .page(Item.self)) }

    func response(to call: Call) throws -> Response {
        var bytes = Array("{\"\(plural)\":".utf8)
        bytes += try JSON.encode(page.items)
        bytes += Array(",\"next_cursor\":".utf8)
        bytes += page.nextCursor.map { JSON.quoted($0) } ?? Array("null".utf8)
        return .json(bytes + [UInt8(ascii: "}")])
    }
}

extension Call {
    /// `limit` and `cursor` of a list of identities.
    func identityPage() throws -> (limit: Int, cursor: String?) {
        (try query.integer("limit", in: 1...200) ?? 50, query["cursor"])
    }
}

/// Users, as an administrator of a workspace sees them: those who are members of it.
struct UserHandlers: Sendable {
    let accounts: Accounts

    func list(_ call: Call) async throws -> IdentityListing<User> {
        let (limit, cursor) = try call.identityPage()
        return IdentityListing(
            page: try await accounts.store.users(in: call.workspace, limit: limit, cursor: cursor), plural: "users")
    }

    func create(_ call: Call, body: CreateUser) async throws -> CreatedReply<User> {
        let memberships = named(body.memberships, call) ?? [Membership(workspaceID: call.workspace, role: body.role ?? .viewer)]
        try IdentityRules.checkMayReplace([], by: memberships, as: call.principal)
        try IdentityRules.checkUsername(body.username)
        try Password.validate(body.password)
        let user = try await accounts.store.createUser(
            NewUser(
                username: body.username, passwordHash: try await accounts.passwords.hash(body.password),
                displayName: body.displayName, email: body.email, memberships: memberships), now: call.now)
        return CreatedReply(user, at: "/auth/users/\(user.id)")
    }

    func show(_ call: Call) async throws -> Reply<User> { Reply(try await visible(call)) }

    func update(_ call: Call, body: UpdateUser) async throws -> Reply<User> {
        let user = try await visible(call)
        let memberships = named(body.memberships, call)
        try IdentityRules.checkMayManage(user, by: call.principal)
        try IdentityRules.checkMayReplace(user.memberships, by: memberships ?? user.memberships, as: call.principal)
        var change = UserChange()
        change.username = body.username
        if let password = body.password {
            try Password.validate(password)
            change.passwordHash = try await accounts.passwords.hash(password)
        }
        change.displayName = body.displayName
        change.email = body.email
        change.disabled = body.disabled
        change.memberships = memberships
        let changed = try await accounts.store.changeUser(user.id, change, now: call.now)
        accounts.verifier.invalidate(.user(id: user.id))
        return Reply(changed)
    }

    func delete(_ call: Call) async throws -> NoContent {
        let user = try await visible(call)
        try IdentityRules.checkMayManage(user, by: call.principal)
        try await accounts.store.deleteUser(user.id)
        accounts.verifier.invalidate(.user(id: user.id))
        return NoContent()
    }

    /// A user who is a member of the request's workspace; others are 404, but for an owner of the first workspace.
    private func visible(_ call: Call) async throws -> User {
        let user = try await accounts.store.user(call.parameter("id"))
        let isMember = user.memberships.contains { $0.workspaceID == call.workspace }
        guard isMember || IdentityRules.isSuiteOwner(call.principal) else { throw ServiceError.notFound("user") }
        return user
    }

    /// The memberships of a body, with their workspaces by id where they came by slug.
    private func named(_ memberships: [Membership]?, _ call: Call) -> [Membership]? {
        memberships?.map { Membership(workspaceID: call.principal.workspace(asked: $0.workspaceID), role: $0.role) }
    }
}
