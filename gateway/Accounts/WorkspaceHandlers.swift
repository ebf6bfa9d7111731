import Identity
import Models
import Service

/// Workspaces and their members. A workspace is named by the path, so the caller's role in that one counts, not in the request's.
struct WorkspaceHandlers: Sendable {
    let accounts: Accounts

    func list(_ call: Call) async throws -> IdentityListing<Workspace> {
        let (limit, cursor) = try call.identityPage()
        let mine = IdentityRules.isSuiteOwner(call.principal) ? nil : Array(call.principal.memberships.keys)
        return IdentityListing(
            page: try await accounts.store.workspaces(among: mine, limit: limit, cursor: cursor), plural: "workspaces")
    }

    /// Makes a workspace; the caller becomes its owner.
    func create(_ call: Call, body: CreateWorkspace) async throws -> CreatedReply<Workspace> {
        // try?: the subject of an operator's token need be no user; the workspace then has no owner until a member is set.
        let owner = try? await accounts.store.user(call.principal.id).id
        let workspace = try await accounts.store.createWorkspace(
            name: try Check.name(body.name), slug: body.slug, owner: owner, now: call.now)
        accounts.verifier.invalidate(.user(id: call.principal.id))
        return CreatedReply(workspace, at: "/auth/workspaces/\(workspace.id)")
    }

    func show(_ call: Call) async throws -> Reply<Workspace> { Reply(try await workspace(call, .viewer)) }

    func update(_ call: Call, body: UpdateWorkspace) async throws -> Reply<Workspace> {
        let workspace = try await workspace(call, .owner)
        let changed = try await accounts.store.changeWorkspace(workspace.id, name: body.name, slug: body.slug, now: call.now)
        accounts.verifier.invalidate(.workspace(id: workspace.id))
        return Reply(changed)
    }

    func delete(_ call: Call) async throws -> NoContent {
        let workspace = try await workspace(call, .owner)
        try await accounts.store.deleteWorkspace(workspace.id)
        accounts.verifier.invalidate(.workspace(id: workspace.id))
        return NoContent()
    }

    func members(_ call: Call) async throws -> IdentityListing<Member> {
        let workspace = try await workspace(call, .viewer)
        let (limit, cursor) = try call.identityPage()
        return IdentityListing(
            page: try await accounts.store.members(of: workspace.id, limit: limit, cursor: cursor), plural: "members")
    }

    func setMember(_ call: Call, body: SetMember) async throws -> Reply<Member> {
        let workspace = try await workspace(call, .admin)
        try IdentityRules.checkMayGrant(body.role, in: workspace.id, by: call.principal)
        if let current = try await accounts.store.role(of: body.userID, in: workspace.id) {
            try IdentityRules.checkMayGrant(current, in: workspace.id, by: call.principal)
        }
        let member = try await accounts.store.setMember(of: workspace.id, user: body.userID, role: body.role)
        accounts.verifier.invalidate(.user(id: member.userID))
        return Reply(member)
    }

    func removeMember(_ call: Call) async throws -> NoContent {
        let workspace = try await workspace(call, .admin)
        let user = try await accounts.store.user(call.parameter("user"))
        for membership in user.memberships where membership.workspaceID == workspace.id {
            try IdentityRules.checkMayGrant(membership.role, in: workspace.id, by: call.principal)
        }
        try await accounts.store.removeMember(of: workspace.id, user: user.id)
        accounts.verifier.invalidate(.user(id: user.id))
        return NoContent()
    }

    /// The workspace of the path, when the caller has at least that role in it, as an owner of the first workspace has in all;
    /// 404 when they are no member. A key with scopes has no business here, whatever its role.
    private func workspace(_ call: Call, _ least: Role) async throws -> Workspace {
        let workspace = try await accounts.store.workspace(call.parameter("id"))
        let isOwner = IdentityRules.isSuiteOwner(call.principal)
        guard let role = isOwner ? .owner : call.principal.role(in: workspace.id) else {
            throw ServiceError.notFound("workspace")
        }
        guard call.principal.scopes == nil else { throw ServiceError.forbidden("a key with scopes may not call this") }
        guard role >= least else {
            throw ServiceError.forbidden("needs the role \(least.rawValue); this credential's is \(role.rawValue)")
        }
        return workspace
    }
}
