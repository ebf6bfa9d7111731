import Models
import Testing

@testable import Identity

@Suite struct IdentityStoreTests {
    let now = StoreFixture.now

    @Test func theFirstStartMakesAnOwnerOnceWithAGivenOrARandomPassword() async throws {
        let folder = TemporaryFolder()
        let store = try IdentityStore.open(in: folder.path)
        let passwords = PasswordWorker(cost: StoreFixture.cheap)
        let printed = try #require(try await store.firstStart(password: nil, passwords: passwords, now: now))
        #expect(printed.count == 20)
        #expect(try await store.firstStart(password: nil, passwords: passwords, now: now) == nil)
        let admin = try await store.user("admin")
        #expect(admin.memberships == [Membership(workspaceID: "default", role: .owner)])
        #expect(try await store.workspace("default").slug == "default")
        store.close()
        let again = try IdentityStore.open(in: folder.path)
        #expect(try await again.firstStart(password: "x", passwords: passwords, now: now) == nil)
        #expect(try await again.user("admin") == admin)
        again.close()
        let fixture = try await StoreFixture()
        #expect(try await fixture.signIn().user.username == "admin")
        withExtendedLifetime(folder) {}
    }

    @Test func usersAreMadeFoundListedChangedAndDeleted() async throws {
        let fixture = try await StoreFixture()
        let store = fixture.store
        let ada = try await fixture.addUser("ada", .editor)
        #expect(try await store.user("ada") == ada)
        #expect(try await store.user("ADA") == ada)
        #expect(try await store.user(ada.id) == ada)
        var change = UserChange()
        change.displayName = "Ada L."
        change.email = .value("ada@example.test")
        change.memberships = [Membership(workspaceID: "default", role: .manager)]
        let changed = try await store.changeUser("ada", change, now: now)
        #expect(changed.displayName == "Ada L." && changed.email == "ada@example.test" && changed.memberships[0].role == .manager)
        change = UserChange()
        change.email = .null
        #expect(try await store.changeUser("ada", change, now: now).email == nil)
        #expect(Set(try await store.users(in: "default", limit: 10, cursor: nil).items.map(\.username)) == ["admin", "ada"])
        try await store.deleteUser("ada")
        #expect(await errorKind { _ = try await store.user("ada") } == .notFound)
        #expect(await errorKind { try await store.deleteUser("ada") } == .notFound)
    }

    @Test func usernamesAreUniqueWhateverTheirCase() async throws {
        let fixture = try await StoreFixture()
        _ = try await fixture.addUser("ada", .viewer)
        let bob = try await fixture.addUser("bob", .viewer)
        #expect(await errorKind { _ = try await fixture.addUser("Ada", .viewer) } == .conflict)
        var change = UserChange()
        change.username = "ADA"
        #expect(await errorKind { _ = try await fixture.store.changeUser(bob.id, change, now: now) } == .conflict)
    }

    @Test(arguments: ["", "a b", "é", "user_x", "a/b", "a\0", String(repeating: "a", count: 65), "a:b", "\u{202E}a"])
    func aUsernameThatMayMisleadIsRefused(_ name: String) async throws {
        let fixture = try await StoreFixture()
        #expect(await errorKind { _ = try await fixture.addUser(name, .viewer) } == .validation)
    }

    @Test func listsArePagedByTheIdOfTheLastItem() async throws {
        let fixture = try await StoreFixture()
        for number in 0..<5 { _ = try await fixture.addUser("u\(number)", .viewer) }
        var names: [String] = []
        var cursor: String?
        repeat {
            let page = try await fixture.store.users(in: nil, limit: 2, cursor: cursor)
            #expect(page.items.count == 2)
            names += page.items.map(\.username)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(Set(names).count == 6)
        #expect(await errorKind { _ = try await fixture.store.users(in: nil, limit: 2, cursor: "' OR 1") } == .validation)
    }

    @Test func theSuiteNeverLosesItsLastOwner() async throws {
        let fixture = try await StoreFixture()
        let store = fixture.store
        var disabling = UserChange()
        disabling.disabled = true
        var demoting = UserChange()
        demoting.memberships = []
        #expect(await errorKind { try await store.deleteUser("admin") } == .conflict)
        #expect(await errorKind { _ = try await store.changeUser("admin", disabling, now: now) } == .conflict)
        #expect(await errorKind { _ = try await store.changeUser("admin", demoting, now: now) } == .conflict)
        #expect(await errorKind { _ = try await store.setMember(of: "default", user: "admin", role: .admin) } == .conflict)
        #expect(await errorKind { try await store.removeMember(of: "default", user: "admin") } == .conflict)
        #expect(await errorKind { try await store.deleteWorkspace("default") } == .conflict)
        #expect(try await store.user("admin").memberships == [Membership(workspaceID: "default", role: .owner)])
        _ = try await fixture.addUser("ada", .owner)
        try await store.deleteUser("admin")
    }

    @Test func workspacesAndMembersAreMadeChangedAndDeleted() async throws {
        let fixture = try await StoreFixture()
        let store = fixture.store
        let admin = try await store.user("admin")
        let acme = try await store.createWorkspace(name: "Acme Works", slug: nil, owner: admin.id, now: now)
        #expect(acme.slug == "acme-works" && acme.id.hasPrefix("ws_"))
        #expect(
            await errorKind { _ = try await store.createWorkspace(name: "x", slug: "acme-works", owner: nil, now: now) }
                == .conflict)
        #expect(
            await errorKind { _ = try await store.createWorkspace(name: "x", slug: "Acme", owner: nil, now: now) } == .validation)
        #expect(await errorKind { _ = try await store.createWorkspace(name: "", slug: nil, owner: nil, now: now) } == .validation)
        _ = try await fixture.addUser("ada", .viewer)
        #expect(try await store.setMember(of: "acme-works", user: "ada", role: .editor).role == .editor)
        #expect(Set(try await store.members(of: acme.id, limit: 10, cursor: nil).items.map(\.username)) == ["admin", "ada"])
        #expect(await errorKind { _ = try await store.setMember(of: acme.id, user: "nobody", role: .editor) } == .validation)
        #expect(await errorKind { _ = try await store.setMember(of: "nowhere", user: "ada", role: .editor) } == .notFound)
        #expect(try await store.changeWorkspace(acme.id, name: "Acme", slug: "acme", now: now).slug == "acme")
        #expect(
            await errorKind { _ = try await store.changeWorkspace("default", name: nil, slug: "other", now: now) } == .conflict)
        #expect(try await store.workspaces(among: [acme.id], limit: 5, cursor: nil).items.map(\.slug) == ["acme"])
        #expect(try await store.workspaces(among: nil, limit: 5, cursor: nil).items.count == 2)
        try await store.removeMember(of: acme.id, user: "ada")
        #expect(await errorKind { try await store.removeMember(of: acme.id, user: "ada") } == .notFound)
        let key = try await store.createAPIKey(
            name: "k", role: .viewer, scopes: nil, expiresAt: nil, workspace: acme.id, by: .suite, now: now)
        try await store.deleteWorkspace("acme")
        #expect(try await fixture.principal(key.secret) == nil)
        #expect(await errorKind { _ = try await store.workspace("acme") } == .notFound)
        #expect(try await store.user("admin").memberships.map(\.workspaceID) == ["default"])
    }

    @Test func nobodyGivesOrTakesMoreThanTheyHave() throws {
        func user(_ role: Role, in workspace: String = "ws") -> Principal {
            Principal(kind: .user, id: "u", name: "u", homeWorkspace: workspace, memberships: [workspace: role])
        }
        func target(_ memberships: [String: Role]) -> User {
            User(
                id: "user_t", username: "t", displayName: "t", disabled: false,
                memberships: memberships.map { Membership(workspaceID: $0.key, role: $0.value) }, createdAt: now, updatedAt: now)
        }
        #expect(throws: Never.self) { try IdentityRules.checkMayGrant(.admin, in: "ws", by: user(.admin)) }
        #expect(throws: ServiceError.self) { try IdentityRules.checkMayGrant(.owner, in: "ws", by: user(.admin)) }
        #expect(throws: ServiceError.self) { try IdentityRules.checkMayGrant(.viewer, in: "ws", by: user(.manager)) }
        #expect(throws: ServiceError.self) { try IdentityRules.checkMayGrant(.viewer, in: "other", by: user(.owner)) }
        #expect(throws: Never.self) { try IdentityRules.checkMayGrant(.owner, in: "other", by: user(.owner, in: "default")) }
        #expect(throws: Never.self) { try IdentityRules.checkMayManage(target(["ws": .admin]), by: user(.admin)) }
        #expect(throws: ServiceError.self) { try IdentityRules.checkMayManage(target(["ws": .owner]), by: user(.admin)) }
        #expect(throws: ServiceError.self) {
            try IdentityRules.checkMayManage(target(["ws": .viewer, "x": .viewer]), by: user(.owner))
        }
        #expect(throws: ServiceError.self) { try IdentityRules.checkMayManage(target([:]), by: user(.owner)) }
        #expect(throws: Never.self) { try IdentityRules.checkMayManage(target(["x": .owner]), by: user(.owner, in: "default")) }
        let old = [Membership(workspaceID: "ws", role: .viewer), Membership(workspaceID: "x", role: .owner)]
        let raised = [Membership(workspaceID: "ws", role: .admin), Membership(workspaceID: "x", role: .owner)]
        #expect(throws: Never.self) { try IdentityRules.checkMayReplace(old, by: raised, as: user(.admin)) }
        #expect(throws: ServiceError.self) { try IdentityRules.checkMayReplace(old, by: [raised[0]], as: user(.admin)) }
        #expect(throws: ServiceError.self) {
            try IdentityRules.checkMayReplace(old, by: [Membership(workspaceID: "x", role: .viewer), old[0]], as: user(.admin))
        }
    }
}
