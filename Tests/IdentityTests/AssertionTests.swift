import Models
import Testing

@testable import Identity

@Suite struct AssertionTests {
    static let key = [UInt8](repeating: 9, count: 32)
    let signer = AssertionSigner(key: key)
    let verifier = AssertionVerifier(key: key)
    let now = TokenForge.now

    static let principals: [Principal] = [
        Principal(
            kind: .user, id: "user_1", name: "Ada \"λ\" 😀", homeWorkspace: "default",
            memberships: ["default": .owner, "ws_2": .viewer],
            workspaceSlugs: ["acme": "ws_2"]),
        Principal(
            kind: .apiKey, id: "key_1", name: "ci", homeWorkspace: "default", memberships: ["default": .editor],
            scopes: [Scope(.runs, .write), Scope(.tasks, .read)]),
        Principal(
            kind: .apiKey, id: "key_2", name: "ci", homeWorkspace: "default", memberships: ["default": .editor], scopes: []),
        .service("tasks"),
        .agent(
            name: "Backend",
            run: RunBinding(
                runID: "run_1", attempt: 2, agentID: "agent_backend", taskID: "task_1", projectID: "proj_1", workspace: "ws_2",
                memoryReadScopes: ["global"], memoryWriteScopes: ["project"], ended: true)),
    ]

    @Test(arguments: principals) func aPrincipalArrivesAsItWasSent(_ principal: Principal) throws {
        #expect(try verifier.principal(try signer.header(for: principal, now: now)[...], now: now) == principal)
    }

    @Test func theSameBytesAreSentForHalfTheLifetimeThenNewOnes() throws {
        let principal = Self.principals[0]
        let first = try signer.header(for: principal, now: now)
        #expect(try signer.header(for: principal, now: now.adding(seconds: 29.9)) == first)
        let second = try signer.header(for: principal, now: now.adding(seconds: 30))
        #expect(second != first)
        var changed = principal
        changed.memberships["default"] = .viewer
        #expect(try signer.header(for: changed, now: now.adding(seconds: 30)) != second)
    }

    @Test func itExpiresEvenWhereItIsCached() throws {
        let header = try signer.header(for: Self.principals[0], now: now)[...]
        #expect(throws: Never.self) { try verifier.principal(header, now: now) }
        #expect(throws: Never.self) { try verifier.principal(header, now: now.adding(seconds: 59.9)) }
        for verifier in [verifier, AssertionVerifier(key: Self.key)] {
            #expect(throws: ServiceError.unauthenticated) { try verifier.principal(header, now: now.adding(seconds: 60)) }
        }
    }

    @Test func oneThatLivesTooLongIsRefused() throws {
        let header = try signer.sign(Self.principals[0], expires: now.adding(seconds: 3600))
        #expect(throws: ServiceError.unauthenticated) { try verifier.principal(header[...], now: now) }
    }

    @Test func forgeriesAreRefused() throws {
        let header = try signer.header(for: Self.principals[0], now: now)
        let other = try signer.header(for: Self.principals[1], now: now)
        let text = String(decoding: header, as: UTF8.self)
        let parts = text.split(separator: ".")
        let otherParts = String(decoding: other, as: UTF8.self).split(separator: ".")
        let unseparated = Base64URL.string(Digest.hmacSHA256(Array(parts[0].utf8), key: Self.key))
        let forgeries = [
            "", ".", "..", String(parts[0]), "\(parts[0]).", ".\(parts[1])", "\(parts[0]).\(otherParts[1])",
            "\(otherParts[0]).\(parts[1])",
            text + ".", text + "=", text + "A", "." + text, "\(text).\(parts[1])", "\(parts[0]).\(unseparated)",
            TokenForge.hs256(key: Self.key),
            String(
                decoding: try AssertionSigner(key: [UInt8](repeating: 8, count: 32)).header(for: Self.principals[0], now: now),
                as: UTF8.self),
        ]
        for forgery in forgeries {
            #expect(throws: ServiceError.unauthenticated, "\(forgery.prefix(40))") {
                try verifier.principal(forgery.slice, now: now)
            }
        }
        for index in header.indices {
            var bad = header
            bad[index] = bad[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: ServiceError.unauthenticated) { try verifier.principal(bad[...], now: now) }
            #expect(throws: ServiceError.unauthenticated) { try verifier.principal(header.prefix(index), now: now) }
        }
        var random = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(throws: ServiceError.unauthenticated) { try verifier.principal(bytes[...], now: now) }
        }
        #expect(throws: ServiceError.unauthenticated) {
            try verifier.principal([UInt8](repeating: 65, count: 1 << 20)[...], now: now)
        }
    }

    @Test func aCacheHoldsNoMoreThanItMayAndKeepsWhatIsUsed() {
        let cache = TokenCache<TokenKey, Int>(entriesMax: 64, shards: 4)
        let kept = TokenKey("kept".slice)
        cache.insert(-1, for: kept, expires: now.adding(seconds: 10))
        for number in 0..<10_000 {
            cache.insert(number, for: TokenKey("token \(number)".slice), expires: now.adding(seconds: 10))
            #expect(cache.value(for: kept, now: now) == -1)
        }
        #expect(cache.count <= 64)
        #expect(cache.value(for: TokenKey("token 9999".slice), now: now) == 9999)
        #expect(cache.value(for: TokenKey("token 0".slice), now: now) == nil)
        #expect(cache.value(for: kept, now: now.adding(seconds: 10)) == nil)
        cache.removeAll { $0 == -1 }
        #expect(cache.value(for: kept, now: now) == nil)
    }

    @Test func whatWasLookedUpBeforeARevocationIsNotStoredAfterIt() {
        let cache = TokenCache<TokenKey, Int>(entriesMax: 64)
        let epoch = cache.currentEpoch
        cache.removeAll { $0 == 1 }
        cache.insert(1, for: TokenKey("a".slice), expires: now.adding(seconds: 10), epoch: epoch)
        #expect(cache.count == 0)
        cache.insert(1, for: TokenKey("a".slice), expires: now.adding(seconds: 10), epoch: cache.currentEpoch)
        #expect(cache.count == 1)
    }
}
