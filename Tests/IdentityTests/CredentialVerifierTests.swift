import Identity
import Models
import Synchronization
import Testing

@Suite struct CredentialVerifierTests {
    let now = StoreFixture.now

    private func after(_ seconds: Double) -> Timestamp { now.adding(seconds: seconds) }

    @Test func anOperatorsTokenHasWhatItsClaimsSay() async throws {
        let fixture = try await StoreFixture()
        let acme = try await fixture.store.createWorkspace(name: "Acme", slug: "acme", owner: nil, now: now)
        let token = try JWTSigner(key: fixture.keys.jwt).sign(
            Claims(subject: "operator", role: .admin, workspace: "acme", expires: after(3)))
        let principal = try #require(try await fixture.principal(token))
        #expect(principal.memberships == [acme.id: .admin] && principal.homeWorkspace == acme.id)
        #expect(principal.workspace(asked: "acme") == acme.id)
        #expect(try await fixture.principal(token, at: after(3.9)) != nil)
        #expect(try await fixture.principal(token, at: after(4)) == nil)
    }

    @Test func aTokenForAUserWhoIsNotThereIsRefused() async throws {
        let fixture = try await StoreFixture()
        let admin = try await fixture.store.user("admin")
        let signer = JWTSigner(key: fixture.keys.jwt)
        let absent = try signer.sign(Claims(subject: "user_absent", role: .owner, expires: after(60)))
        #expect(try await fixture.principal(absent) == nil)
        let wrongSession = try signer.sign(Claims(subject: admin.id, expires: after(60), session: "signin_absent"))
        #expect(try await fixture.principal(wrongSession) == nil)
        let alone = try signer.sign(Claims(subject: admin.id, role: .viewer, expires: after(60)))
        #expect(try await fixture.principal(alone)?.role(in: "default") == .owner)
    }

    @Test func withoutAStoreTokensAreAllThatIsTaken() async throws {
        let folder = TemporaryFolder()
        #expect(try IdentityStore.openExisting(in: folder.path) == nil)
        let verifier = CredentialVerifier(jwt: JWTVerifier(key: TokenForge.key), store: nil)
        #expect(try await verifier.verify(Credential(bearer: TokenForge.hs256()), now: now).principal.id == "ada")
        for token in [APIKey.make().secret, AgentToken.make().secret] {
            #expect(await errorKind { _ = try await verifier.verify(Credential(bearer: token), now: now) } == .unauthenticated)
        }
        #expect(await errorKind { _ = try await verifier.verify(Credential(.session, "x".slice), now: now) } == .unauthenticated)
    }

    @Test func anAgentsTokenIsResolvedOnceASecondAndDiesWithItsRun() async throws {
        let token = AgentToken.make()
        let asked = Mutex(0)
        let alive = Mutex(true)
        let run = RunBinding(runID: "run_1", attempt: 1, agentID: "agent_a", taskID: "task_1", workspace: "default")
        let fixture = try await StoreFixture { bytes, _ in
            asked.withLock { $0 += 1 }
            return alive.withLock { $0 } && Token.hash(bytes) == token.hash ? .agent(name: "A", run: run) : nil
        }
        #expect(try await fixture.principal(token.secret)?.run == run)
        #expect(try await fixture.principal(token.secret, at: after(0.9)) != nil)
        #expect(asked.withLock { $0 } == 1)
        alive.withLock { $0 = false }
        #expect(try await fixture.principal(token.secret, at: after(1)) == nil)
        alive.withLock { $0 = true }
        #expect(try await fixture.principal(token.secret, at: after(2)) != nil)
        alive.withLock { $0 = false }
        fixture.verifier.invalidate(.run(id: "run_1"))
        #expect(try await fixture.principal(token.secret, at: after(2)) == nil)
        #expect(try await fixture.principal(AgentToken.make().secret) == nil)
    }

    @Test func whatTheAgentsServiceSaysMustBeAnAgent() async throws {
        let fixture = try await StoreFixture { _, _ in .service("runs") }
        #expect(try await fixture.principal(AgentToken.make().secret) == nil)
    }

    @Test func aFailureToFindOutIsNoRefusal() async throws {
        let fixture = try await StoreFixture { _, _ in throw ServiceError(.unavailable, "try again") }
        let credential = Credential(bearer: AgentToken.make().secret)
        #expect(await errorKind { _ = try await fixture.verifier.verify(credential, now: now) } == .unavailable)
    }

    @Test func theSameBytesInAnotherHeaderAreAnotherCredential() async throws {
        let fixture = try await StoreFixture()
        let cookie = try #require(try await fixture.signIn(withSession: true).sessionCookie)
        #expect(try await fixture.principal(Credential(.session, cookie.slice)) != nil)
        #expect(try await fixture.principal(Credential(.jwt, cookie.slice)) == nil)
    }

    @Test func anAssertionIsMadeOnceForManyRequests() async throws {
        let fixture = try await StoreFixture()
        let token = try await fixture.signIn().accessToken
        let signer = AssertionSigner(key: fixture.keys.assertion)
        let services = AssertionVerifier(key: fixture.keys.assertion)
        let verified = try await fixture.verifier.verify(Credential(bearer: token), now: now)
        #expect(fixture.verifier.remembered(Credential(bearer: token), now: now) === verified)
        let header = try verified.assertion(by: signer, now: now)
        #expect(try verified.assertion(by: signer, now: after(29)) == header)
        #expect(try verified.assertion(by: signer, now: after(30)) != header)
        #expect(try services.principal(header[...], now: after(59)) == verified.principal)
    }

    @Test func eachInvalidationForgetsItsOwn() async throws {
        let fixture = try await StoreFixture()
        let signedIn = try await fixture.signIn()
        let credential = Credential(bearer: signedIn.accessToken)
        let user = signedIn.user.id
        let cases: [(CredentialVerifier.Invalidation, Bool)] = [
            (.user(id: user), true), (.user(id: "user_x"), false), (.workspace(id: "default"), true),
            (.workspace(id: "ws_x"), false),
            (.apiKey(id: user), false), (.signIn("signin_x"), false), (.run(id: "run_x"), false), (.all, true),
        ]
        for (invalidation, forgets) in cases {
            _ = try await fixture.verifier.verify(credential, now: now)
            fixture.verifier.invalidate(invalidation)
            #expect((fixture.verifier.remembered(credential, now: now) == nil) == forgets, "\(invalidation)")
        }
    }
}
