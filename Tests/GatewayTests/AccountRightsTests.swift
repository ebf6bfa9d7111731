import HTTP
import Identity
import Models
import Testing

@testable import Gateway

/// What an administrator, a limited key and a stranger may not do to accounts.
@Suite struct AccountRightsTests {
    @Test func aLimitedKeyReachesNothingOfTheGatewaysOwnWhateverItsRole() async throws {
        let bench = try await GatewayBench()
        let ada = try await bench.user("ada", .viewer)
        let key = try await bench.key(.owner, scopes: Set(Scope.all))
        let limited: [(HTTP.Method, String, String?)] = [
            (.get, "/auth/users", nil), (.post, "/auth/users", #"{"username":"eve","password":"eve's password"}"#),
            (.post, "/auth/api-keys", #"{"name":"k","role":"owner"}"#), (.get, "/auth/workspaces/default/members", nil),
            (.post, "/auth/workspaces/default/members", #"{"user_id":"ada","role":"owner"}"#),
            (.delete, "/auth/workspaces/default/members/ada", nil), (.patch, "/auth/workspaces/default", #"{"name":"x"}"#),
            (.post, "/auth/workspaces", #"{"name":"x"}"#), (.delete, "/auth/workspaces/default", nil),
            (.patch, "/auth/users/ada", #"{"password":"another one"}"#), (.delete, "/auth/users/ada", nil),
        ]
        for (method, path, body) in limited {
            #expect(try await bench.send(method, path, body, bearer: key).status == 403, "\(method) \(path)")
        }
        #expect(try await bench.accounts.store.user("ada") == ada)
        #expect(try await bench.send(.get, "/auth/me", bearer: key).status == 200)
        await bench.stop()
    }

    @Test func anAdministratorNeitherMakesNorUnmakesAnOwner() async throws {
        let bench = try await GatewayBench()
        _ = try await bench.user("ada", .viewer)
        let admin = try bench.token(.admin)
        let forbidden: [(HTTP.Method, String, String?)] = [
            (.post, "/auth/users", #"{"username":"eve","password":"eve's password","role":"owner"}"#),
            (.post, "/auth/api-keys", #"{"name":"k","role":"owner"}"#),
            (.post, "/auth/workspaces/default/members", #"{"user_id":"ada","role":"owner"}"#),
            (.post, "/auth/workspaces/default/members", #"{"user_id":"admin","role":"viewer"}"#),
            (.delete, "/auth/workspaces/default/members/admin", nil),
            (.patch, "/auth/users/admin", #"{"password":"another one"}"#), (.patch, "/auth/users/admin", #"{"disabled":true}"#),
            (.patch, "/auth/users/ada", #"{"memberships":[{"workspace_id":"default","role":"owner"}]}"#),
            (.delete, "/auth/users/admin", nil), (.patch, "/auth/workspaces/default", #"{"name":"x"}"#),
        ]
        for (method, path, body) in forbidden {
            #expect(try await bench.send(method, path, body, bearer: admin).status == 403, "\(method) \(path) \(body ?? "")")
        }
        let raised = #"{"memberships":[{"workspace_id":"default","role":"manager"}]}"#
        #expect(try await bench.send(.patch, "/auth/users/ada", raised, bearer: admin).status == 200)
        await bench.stop()
    }

    @Test func anAdministratorOfOneWorkspaceDoesNotBecomeAMemberOfAnother() async throws {
        let bench = try await GatewayBench()
        let store = bench.accounts.store
        let acme = try await store.createWorkspace(name: "Acme", slug: "acme", owner: nil, now: bench.base.clock.now())
        let ada = try await bench.user("ada", .viewer)
        _ = try await store.setMember(of: acme.id, user: "ada", role: .viewer)
        let owner = try bench.token(.owner, in: "acme")
        #expect(try await bench.send(.get, "/auth/workspaces/default", bearer: owner).status == 404)
        #expect(try await bench.send(.get, "/auth/users?workspace_id=default", bearer: owner).status == 403)
        #expect(try await bench.send(.get, "/auth/users/admin", bearer: owner).status == 404)
        #expect(try await bench.send(.patch, "/auth/users/ada", #"{"password":"another one"}"#, bearer: owner).status == 403)
        let elsewhere = #"{"memberships":[{"workspace_id":"acme","role":"viewer"},{"workspace_id":"default","role":"owner"}]}"#
        #expect(try await bench.send(.patch, "/auth/users/ada", elsewhere, bearer: owner).status == 403)
        #expect(try await store.user(ada.id).memberships.count == 2)
        await bench.stop()
    }

    @Test func anOwnerOfTheSuiteReachesAWorkspaceThatNobodyOwns() async throws {
        let bench = try await GatewayBench()
        let owner = try bench.token(.owner)
        let made = try await bench.send(.post, "/auth/workspaces", #"{"name":"Acme"}"#, bearer: owner)
        #expect(made.status == 201)
        let id = try #require(try made.json()["id"]?.string)
        let member = #"{"user_id":"admin","role":"owner"}"#
        let added = try await bench.send(.post, "/auth/workspaces/\(id)/members", member, bearer: owner)
        #expect((200...201).contains(added.status))
        #expect(try await bench.send(.get, "/auth/workspaces", bearer: owner).text.contains(id))
        await bench.stop()
    }

    @Test func passwordsThatAreTooShortAreRefused() async throws {
        let bench = try await GatewayBench()
        let owner = try bench.token(.owner)
        let made = try await bench.send(.post, "/auth/users", #"{"username":"ada","password":"short"}"#, bearer: owner)
        #expect(made.status == 400)
        #expect(try made.json()["field"] == .string("password"))
        let changed = try await bench.send(.patch, "/auth/users/admin", #"{"password":"short"}"#, bearer: owner)
        #expect(changed.status == 400)
        await bench.stop()
    }

    @Test func aClientsOwnWordForItsPrincipalCountsForNothing() async throws {
        let bench = try await GatewayBench()
        let signed = try bench.base.signer.header(for: .service("runs"), now: bench.base.clock.now())
        let header = ("x-nexus-principal", String(decoding: signed, as: UTF8.self))
        #expect(try await bench.send(.get, "/auth/users", headers: [header]).status == 401)
        #expect(try await bench.send(.get, "/tasks-api", headers: [header]).status == 401)
        await bench.stop()
    }

    @Test func whoTriesCredentialsIsCountedByAddress() async throws {
        let bench = try await GatewayBench(rateLimit: 0.001)
        var statuses: [UInt16] = []
        for _ in 0..<2 { statuses.append(try await bench.send(.get, "/tasks-api", bearer: APIKey.make().secret).status) }
        #expect(statuses == [401, 429])
        await bench.stop()
    }
}
