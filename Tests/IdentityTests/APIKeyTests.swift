import FoundationEssentials
import Identity
import Models
import Testing

@Suite struct APIKeyTests {
    let now = StoreFixture.now

    private func make(
        _ fixture: StoreFixture, _ role: Role = .manager, scopes: Set<Scope>? = nil, expires: Timestamp? = nil
    ) async throws -> (record: APIKeyRecord, secret: String) {
        try await fixture.store.createAPIKey(
            name: "ci", role: role, scopes: scopes, expiresAt: expires, workspace: "default", by: .suite, now: now)
    }

    @Test func aKeyStandsForItsRoleAndScopesInItsWorkspace() async throws {
        let fixture = try await StoreFixture()
        let key = try await make(fixture, scopes: [Scope(.runs, .write)])
        let principal = try #require(try await fixture.principal(key.secret))
        #expect(principal.kind == .apiKey && principal.id == key.record.id && principal.homeWorkspace == "default")
        #expect(principal.memberships == ["default": .manager] && principal.scopes == [Scope(.runs, .write)])
        let byHeader = Credential.from(authorization: nil, apiKeyHeader: key.secret.slice, cookie: nil)
        #expect(try await fixture.principal(try #require(byHeader)) == principal)
        let unlimited = try await make(fixture)
        #expect(try #require(try await fixture.principal(unlimited.secret)).scopes == nil)
        let none = try await make(fixture, scopes: [])
        #expect(try #require(try await fixture.principal(none.secret)).scopes == [])
    }

    @Test func theSecretIsStoredNowhere() async throws {
        let fixture = try await StoreFixture()
        let key = try await make(fixture)
        _ = try await fixture.principal(key.secret)
        let listed = try await fixture.store.apiKeys(in: "default", limit: 5, cursor: nil).items
        #expect(listed.map(\.id) == [key.record.id] && listed[0].lastUsedAt == now)
        #expect(listed[0].prefix == String(key.secret.prefix(10)))
        let json = String(decoding: try JSONEncoder().encode(listed), as: UTF8.self)
        #expect(!json.contains(key.secret) && json.contains("\"revoked_at\":null"))
        for file in try FileManager.default.contentsOfDirectory(atPath: fixture.path) where file.hasPrefix(IdentityStore.fileName)
        {
            let content = try #require(FileManager.default.contents(atPath: "\(fixture.path)/\(file)"))
            #expect(content.firstRange(of: Data(key.secret.dropFirst(10).utf8)) == nil, "\(file)")
        }
    }

    @Test func aRevokedKeyIsRefusedAtOnce() async throws {
        let fixture = try await StoreFixture()
        let key = try await make(fixture)
        #expect(try await fixture.principal(key.secret) != nil)
        #expect(try await fixture.store.revokeAPIKey(key.record.id, in: "default", now: now).revokedAt == now)
        fixture.verifier.invalidate(.apiKey(id: key.record.id))
        #expect(try await fixture.principal(key.secret) == nil)
        #expect(try await fixture.store.revokeAPIKey(key.record.id, in: "default", now: now.adding(seconds: 5)).revokedAt == now)
        #expect(
            await errorKind { _ = try await fixture.store.revokeAPIKey(key.record.id, in: "ws_other", now: now) } == .notFound)
        #expect(await errorKind { _ = try await fixture.store.apiKey(key.record.id, in: "ws_other") } == .notFound)
    }

    @Test func aRevocationByAnotherProcessHoldsWithinSeconds() async throws {
        let fixture = try await StoreFixture()
        let key = try await make(fixture)
        let other = try #require(try IdentityStore.openExisting(in: fixture.path))
        let verifier = CredentialVerifier(jwt: JWTVerifier(key: fixture.keys.jwt), store: other)
        let credential = Credential(bearer: key.secret)
        #expect(try await verifier.verify(credential, now: now).principal.id == key.record.id)
        _ = try await fixture.store.revokeAPIKey(key.record.id, in: "default", now: now)
        let later = now.adding(seconds: CredentialVerifier.trustSeconds)
        #expect(await errorKind { _ = try await verifier.verify(credential, now: later) } == .unauthenticated)
        other.close()
    }

    @Test func anExpiredKeyIsRefusedEvenWhereItIsRemembered() async throws {
        let fixture = try await StoreFixture()
        let key = try await make(fixture, expires: now.adding(seconds: 2))
        #expect(try await fixture.principal(key.secret, at: now.adding(seconds: 1.9)) != nil)
        #expect(try await fixture.principal(key.secret, at: now.adding(seconds: 2)) == nil)
        #expect(await errorKind { _ = try await make(fixture, expires: now) } == .validation)
    }

    @Test func keysThatNobodyMadeAreRefused() async throws {
        let fixture = try await StoreFixture()
        let key = try await make(fixture)
        for bad in [
            APIKey.make().secret, "nxk_", "nxk_x", key.secret + "x", String(key.secret.dropLast()), key.secret.uppercased(),
        ] {
            #expect(try await fixture.principal(bad) == nil, "\(bad)")
        }
        #expect(try await fixture.principal(Credential(.session, key.secret.slice)) == nil)
        #expect(try await fixture.principal(Credential(.agentToken, key.secret.slice)) == nil)
        #expect(try await fixture.principal(Credential(.malformed, key.secret.slice)) == nil)
        #expect(try await fixture.principal(key.secret) != nil)
    }
}
