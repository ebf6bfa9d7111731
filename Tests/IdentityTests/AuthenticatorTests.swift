import Identity
import Models
import Testing

@Suite struct AuthenticatorTests {
    let now = StoreFixture.now

    private func after(_ seconds: Double) -> Timestamp { now.adding(seconds: seconds) }

    @Test func signingInGivesAnAccessTokenForTheUserAsTheyAre() async throws {
        let fixture = try await StoreFixture()
        let ada = try await fixture.addUser("ada", .editor)
        let signedIn = try await fixture.signIn("ada", "password of ada")
        #expect(signedIn.expiresInSeconds == 900 && signedIn.sessionCookie == nil)
        let principal = try #require(try await fixture.principal(signedIn.accessToken))
        #expect(principal.kind == .user && principal.id == ada.id && principal.memberships == ["default": .editor])
        _ = try await fixture.store.setMember(of: "default", user: "ada", role: .viewer)
        #expect(try await fixture.principal(signedIn.accessToken, at: after(5))?.role(in: "default") == .viewer)
        #expect(try await fixture.principal(signedIn.accessToken, at: after(902)) == nil)
    }

    @Test func aWrongPasswordAnUnknownAndADisabledUserAreAnsweredAlike() async throws {
        let fixture = try await StoreFixture()
        _ = try await fixture.addUser("ada", .editor)
        var disabling = UserChange()
        disabling.disabled = true
        _ = try await fixture.store.changeUser("ada", disabling, now: now)
        var errors: [ServiceError] = []
        for (name, password) in [("admin", "wrong"), ("nobody", "wrong"), ("ada", "password of ada"), ("", ""), ("admin", "")] {
            do { _ = try await fixture.signIn(name, password) } catch let error as ServiceError { errors.append(error) }
        }
        #expect(errors.count == 5 && Set(errors.map(\.message)).count == 1 && errors.allSatisfy { $0.kind == .unauthenticated })
    }

    @Test func tooManyAttemptsWaitAndTheRightPasswordWithThem() async throws {
        let fixture = try await StoreFixture()
        for _ in 0..<5 { #expect(await errorKind { _ = try await fixture.signIn("admin", "wrong") } == .unauthenticated) }
        #expect(await errorKind { _ = try await fixture.signIn() } == .rateLimited)
        #expect(await errorKind { _ = try await fixture.signIn(at: after(1)) } == nil)
    }

    @Test func refreshTokensRotate() async throws {
        let fixture = try await StoreFixture()
        let first = try await fixture.signIn()
        let second = try await fixture.authenticator.refresh(first.refreshToken, now: after(600))
        let third = try await fixture.authenticator.refresh(second.refreshToken, now: after(1200))
        #expect(Set([first.refreshToken, second.refreshToken, third.refreshToken]).count == 3)
        #expect(try await fixture.principal(third.accessToken, at: after(1200))?.name == "Administrator")
    }

    @Test func theReuseOfAnOldRefreshTokenEndsTheWholeSignIn() async throws {
        let fixture = try await StoreFixture()
        let first = try await fixture.signIn(withSession: true)
        let other = try await fixture.signIn()
        let second = try await fixture.authenticator.refresh(first.refreshToken, now: now)
        #expect(try await fixture.principal(second.accessToken) != nil)
        #expect(await errorKind { _ = try await fixture.authenticator.refresh(first.refreshToken, now: now) } == .unauthenticated)
        #expect(
            await errorKind { _ = try await fixture.authenticator.refresh(second.refreshToken, now: now) } == .unauthenticated)
        for token in [first.accessToken, second.accessToken] { #expect(try await fixture.principal(token) == nil) }
        #expect(try await fixture.principal(Credential(.session, try #require(first.sessionCookie).slice)) == nil)
        #expect(await errorKind { _ = try await fixture.authenticator.refresh(other.refreshToken, now: now) } == nil)
    }

    @Test func ofManyWhoRefreshAtOnceAtMostOneSucceeds() async throws {
        let fixture = try await StoreFixture()
        let token = try await fixture.signIn().refreshToken
        let succeeded = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    await errorKind { _ = try await fixture.authenticator.refresh(token, now: StoreFixture.now) } == nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(succeeded <= 1)
    }

    @Test func aRefreshTokenEndsWithItsSignInAndItsUser() async throws {
        let fixture = try await StoreFixture()
        let ada = try await fixture.addUser("ada", .editor)
        let signedIn = try await fixture.signIn("ada", "password of ada")
        let late = after(Authenticator.signInSeconds)
        #expect(
            await errorKind { _ = try await fixture.authenticator.refresh(signedIn.refreshToken, now: late) } == .unauthenticated)
        for bad in ["", "nxr_", signedIn.refreshToken + "x", signedIn.accessToken, Token.make("nxr_")] {
            #expect(await errorKind { _ = try await fixture.authenticator.refresh(bad, now: now) } == .unauthenticated)
        }
        try await fixture.store.deleteUser(ada.id)
        fixture.verifier.invalidate(.user(id: ada.id))
        #expect(
            await errorKind { _ = try await fixture.authenticator.refresh(signedIn.refreshToken, now: now) } == .unauthenticated)
        #expect(try await fixture.principal(signedIn.accessToken) == nil)
    }

    @Test func aNewPasswordOrBeingDisabledEndsEverySignIn() async throws {
        let fixture = try await StoreFixture()
        for isDisabling in [false, true] {
            let name = isDisabling ? "bob" : "ada"
            let user = try await fixture.addUser(name, .editor)
            let signedIn = try await fixture.signIn(name, "password of \(name)", withSession: true)
            #expect(try await fixture.principal(signedIn.accessToken) != nil)
            var change = UserChange()
            if isDisabling { change.disabled = true } else { change.passwordHash = try await fixture.passwords.hash("another") }
            _ = try await fixture.store.changeUser(user.id, change, now: now)
            fixture.verifier.invalidate(.user(id: user.id))
            #expect(try await fixture.principal(signedIn.accessToken) == nil)
            #expect(try await fixture.principal(Credential(.session, try #require(signedIn.sessionCookie).slice)) == nil)
            #expect(
                await errorKind { _ = try await fixture.authenticator.refresh(signedIn.refreshToken, now: now) }
                    == .unauthenticated)
        }
    }

    @Test func aSessionCookieStandsForItsUserUntilSignedOut() async throws {
        let fixture = try await StoreFixture()
        let signedIn = try await fixture.signIn(withSession: true)
        let cookie = try #require(signedIn.sessionCookie)
        let header = "theme=dark; nexus_session=\(cookie)"
        let credential = try #require(Credential.from(authorization: nil, apiKeyHeader: nil, cookie: header.slice))
        let principal = try #require(try await fixture.principal(credential))
        #expect(principal.role(in: "default") == .owner)
        #expect(signedIn.csrfToken == CSRF(key: fixture.keys.csrf).token(for: cookie.utf8))
        #expect(try await fixture.principal(credential, at: after(Authenticator.cookieSeconds)) == nil)
        try await fixture.authenticator.signOut(refreshToken: nil, credential: credential, now: now)
        #expect(try await fixture.principal(credential) == nil)
        #expect(try await fixture.principal(signedIn.accessToken) == nil)
        #expect(
            await errorKind { _ = try await fixture.authenticator.refresh(signedIn.refreshToken, now: now) } == .unauthenticated)
    }

    @Test func signingOutByAnyOfItsTokensEndsASignIn() async throws {
        let fixture = try await StoreFixture()
        for byRefreshToken in [true, false] {
            let signedIn = try await fixture.signIn()
            #expect(try await fixture.principal(signedIn.accessToken) != nil)
            try await fixture.authenticator.signOut(
                refreshToken: byRefreshToken ? signedIn.refreshToken : nil,
                credential: byRefreshToken ? nil : Credential(bearer: signedIn.accessToken), now: now)
            #expect(try await fixture.principal(signedIn.accessToken) == nil)
        }
        try await fixture.authenticator.signOut(refreshToken: "nonsense", credential: nil, now: now)
    }
}
