import Identity
import Models
import Testing

@Suite struct JWTTests {
    let verifier = JWTVerifier(key: TokenForge.key)

    @Test func aSignedTokenGivesItsClaimsBack() throws {
        let claims = Claims(
            subject: "user_1", name: "Ada", role: .manager, workspace: "ws_1", memberships: ["ws_2": .viewer],
            issuedAt: TokenForge.now, notBefore: TokenForge.now, expires: TokenForge.now.adding(seconds: 0.5), session: "s",
            id: "j")
        let token = try TokenForge.signer.sign(claims)
        #expect(try verifier.verify(token.slice, now: TokenForge.now) == claims)
    }

    @Test func claimsBecomeAPrincipalWithItsRoles() throws {
        let principal = try verifier.verify(TokenForge.hs256().slice, now: TokenForge.now).principal
        #expect(principal.kind == .user)
        #expect(principal.id == "ada")
        #expect(principal.homeWorkspace == "default")
        #expect(principal.role(in: "default") == .admin)
        #expect(principal.role(in: "other") == nil)
        #expect(principal.scopes == nil)
    }

    @Test func timesHaveOneSecondOfLeeway() throws {
        let token = TokenForge.hs256(payload: TokenForge.payload("nbf", "1900000000")).slice
        let seconds = { TokenForge.now.adding(seconds: $0) }
        for good in [-1.0, 0, 60, 60.999] { #expect(throws: Never.self) { try verifier.verify(token, now: seconds(good)) } }
        for bad in [-1.5, -3600, 61, 3600] {
            #expect(throws: ServiceError.unauthenticated) { try verifier.verify(token, now: seconds(bad)) }
        }
    }

    @Test func anAudienceMayBeOneOfAList() throws {
        let token = TokenForge.hs256(payload: TokenForge.payload("aud", #"["other","nexus"]"#))
        #expect(throws: Never.self) { try verifier.verify(token.slice, now: TokenForge.now) }
    }

    @Test func datesMayHaveFractions() throws {
        let token = TokenForge.hs256(payload: TokenForge.payload("exp", "1.9000000605e9"))
        #expect(try verifier.verify(token.slice, now: TokenForge.now).expires.milliseconds == 1_900_000_060_500)
    }

    @Test(arguments: BadToken.all) func aBadTokenIsRefusedWithTheOneMessage(_ bad: BadToken) {
        #expect(throws: ServiceError.unauthenticated) { try verifier.verify(bad.token.slice, now: TokenForge.now) }
    }

    @Test func theTableOfBadTokensStartsFromAGoodOne() throws {
        #expect(throws: Never.self) { try verifier.verify(TokenForge.hs256().slice, now: TokenForge.now) }
        #expect(BadToken.all.count >= 60)
    }

    @Test func everySingleChangedCharacterIsRefused() {
        let good = Array(TokenForge.hs256().utf8)
        for index in good.indices {
            var bad = good
            bad[index] = bad[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: ServiceError.unauthenticated) { try verifier.verify(bad[...], now: TokenForge.now) }
        }
    }

    @Test func everyPrefixIsRefused() {
        let good = Array(TokenForge.hs256().utf8)
        for count in good.indices {
            #expect(throws: ServiceError.unauthenticated) { try verifier.verify(good.prefix(count), now: TokenForge.now) }
        }
    }

    @Test func randomBytesAndRandomChangesAreRefused() {
        var random = SeededGenerator(seed: 7)
        let good = Array(TokenForge.hs256().utf8)
        for _ in 0..<4000 {
            var bytes = good
            if Bool.random(using: &random) {
                bytes = (0..<Int.random(in: 0..<300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8(ascii: "."), at: index)
                }
            }
            if bytes == good { continue }
            #expect(throws: ServiceError.unauthenticated) { try verifier.verify(bytes[...], now: TokenForge.now) }
        }
    }
}

/// Bits that are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
