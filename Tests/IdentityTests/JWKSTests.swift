import COpenSSL
import FoundationEssentials
import Identity
import Models
import Testing

@Suite struct JWKSTests {
    static let payload =
        #"{"iss":"https://login.example","aud":"nexus-ui","sub":"ada","role":"admin","exp":1900000060}"#

    private func keySet(_ keys: [JSONValue]) throws -> JWKS {
        try JWKS(json: Array(try JSONEncoder().encode(JSONValue.object(["keys": .array(keys)]))))
    }

    private func verifier(_ keys: [JSONValue]) throws -> JWTVerifier {
        let issuer = JWTVerifier.Issuer(
            name: "sso", issuer: "https://login.example", audience: "nexus-ui", keys: try keySet(keys))
        return JWTVerifier(key: TokenForge.key, issuers: [issuer])
    }

    private func rs256(_ pair: TestKeyPair, _ header: String = #"{"alg":"RS256","kid":"a"}"#, _ payload: String = payload) throws
        -> String
    {
        let signed = TokenForge.signed(header, payload)
        return TokenForge.joined(signed, try pair.signature(of: Array(signed.utf8)))
    }

    private func es256(_ pair: TestKeyPair, _ header: String = #"{"alg":"ES256","kid":"e"}"#, _ payload: String = payload) throws
        -> String
    {
        let signed = TokenForge.signed(header, payload)
        return TokenForge.joined(signed, try pair.rawSignature(of: Array(signed.utf8)))
    }

    private func refuses(_ verifier: JWTVerifier, _ token: String, _ why: Comment) {
        #expect(throws: ServiceError.unauthenticated, why) { try verifier.verify(token.slice, now: TokenForge.now) }
    }

    @Test func tokensOfAConfiguredIssuerAreTaken() throws {
        let rsa = try TestKeyPair(.rsa(bits: 2048))
        let ec = try TestKeyPair(.ec(curve: "P-256"))
        let verifier = try verifier([
            try rsa.jwk(id: "a", more: ["alg": .string("RS256"), "use": .string("sig")]), try ec.jwk(id: "e"),
        ])
        for token in [try rs256(rsa), try es256(ec), try rs256(rsa, #"{"alg":"RS256"}"#), try es256(ec, #"{"alg":"ES256"}"#)] {
            let principal = try verifier.verify(token.slice, now: TokenForge.now).principal
            #expect(principal.id == "sso:ada")
            #expect(principal.role(in: "default") == .admin)
        }
        #expect(throws: Never.self) { try verifier.verify(TokenForge.hs256().slice, now: TokenForge.now) }
    }

    @Test func aKeySignsOnlyByItsOwnNameAndAlgorithm() throws {
        let rsa = try TestKeyPair(.rsa(bits: 2048))
        let other = try TestKeyPair(.rsa(bits: 2048))
        let ec = try TestKeyPair(.ec(curve: "P-256"))
        let verifier = try verifier([try rsa.jwk(id: "a"), try other.jwk(id: "b"), try ec.jwk(id: "e")])
        refuses(verifier, try rs256(other), "another key's id")
        refuses(verifier, try rs256(rsa, #"{"alg":"RS256","kid":"z"}"#), "an unknown key id")
        refuses(verifier, try rs256(rsa, #"{"alg":"RS256","kid":"e"}"#), "the id of a key of another type")
        refuses(verifier, try rs256(rsa, #"{"alg":"RS512","kid":"a"}"#), "another algorithm of the same key")
        refuses(verifier, try rs256(rsa, #"{"alg":"PS256","kid":"a"}"#), "another padding")
        refuses(verifier, try rs256(rsa, #"{"alg":"ES256","kid":"a"}"#), "an EC algorithm with an RSA key")
        refuses(verifier, try rs256(try TestKeyPair(.rsa(bits: 2048))), "a key that is in no set")
        #expect(throws: Never.self) {
            try verifier.verify(try rs256(other, #"{"alg":"RS256","kid":"b"}"#).slice, now: TokenForge.now)
        }
        #expect(throws: Never.self) { try verifier.verify(try rs256(other, #"{"alg":"RS256"}"#).slice, now: TokenForge.now) }
    }

    @Test func aPublicKeyIsNeverASharedSecret() throws {
        let rsa = try TestKeyPair(.rsa(bits: 2048))
        let verifier = try verifier([try rsa.jwk(id: "a")])
        let jwk = try JSONEncoder().encode(try rsa.jwk(id: "a"))
        for secret in [try rsa.modulus(), try rsa.publicPEM(), Array(jwk), Array(Base64URL.encode(try rsa.modulus()))] {
            for payload in [Self.payload, TokenForge.goodPayload] {
                refuses(
                    verifier, TokenForge.hs256(header: #"{"alg":"HS256","kid":"a"}"#, payload: payload, key: secret),
                    "HS256 with it")
                refuses(
                    verifier, TokenForge.hs256(header: #"{"alg":"RS256","kid":"a"}"#, payload: payload, key: secret),
                    "RS256 that is an HMAC")
            }
        }
    }

    @Test func anIssuerCannotSpeakForTheSuiteOrAnother() throws {
        let rsa = try TestKeyPair(.rsa(bits: 2048))
        let verifier = try verifier([try rsa.jwk(id: "a")])
        let header = #"{"alg":"RS256","kid":"a"}"#
        refuses(verifier, try rs256(rsa, header, TokenForge.goodPayload), "the suite's issuer and audience")
        refuses(
            verifier, try rs256(rsa, header, Self.payload.replacing("https://login.example", with: "https://evil.example")),
            "another issuer")
        refuses(verifier, try rs256(rsa, header, Self.payload.replacing("nexus-ui", with: "other")), "another audience")
        refuses(verifier, try rs256(rsa, header, Self.payload.replacing("1900000060", with: "1899999000")), "expired")
        refuses(verifier, TokenForge.hs256(payload: Self.payload), "the suite's key for the issuer's claims")
    }

    @Test func anES256SignatureIsRawAndNothingElse() throws {
        let ec = try TestKeyPair(.ec(curve: "P-256"))
        let verifier = try verifier([try ec.jwk(id: "e")])
        let signed = TokenForge.signed(#"{"alg":"ES256","kid":"e"}"#, Self.payload)
        let raw = try ec.rawSignature(of: Array(signed.utf8))
        let zeros = [UInt8](repeating: 0, count: 64)
        #expect(throws: Never.self) { try verifier.verify(TokenForge.joined(signed, raw).slice, now: TokenForge.now) }
        refuses(verifier, TokenForge.joined(signed, try ec.signature(of: Array(signed.utf8))), "DER")
        refuses(verifier, TokenForge.joined(signed, zeros), "r and s zero (CVE-2022-21449)")
        refuses(verifier, TokenForge.joined(signed, [UInt8](repeating: 0xFF, count: 64)), "r and s past the order")
        refuses(verifier, TokenForge.joined(signed, Array(raw.dropLast())), "63 bytes")
        refuses(verifier, TokenForge.joined(signed, raw + [0]), "65 bytes")
        refuses(verifier, TokenForge.joined(signed, Array(raw.suffix(32) + raw.prefix(32))), "r and s exchanged")
        refuses(verifier, TokenForge.joined(signed, Array(raw.prefix(32)) + zeros.prefix(32)), "s zero")
    }

    @Test func keysThatCannotBeTrustedAreNotTaken() throws {
        let rsa = try TestKeyPair(.rsa(bits: 2048))
        let ec = try TestKeyPair(.ec(curve: "P-256"))
        var offCurve = try ec.jwk(id: "e")
        if case .object(var members) = offCurve {
            members["y"] = .string(Base64URL.string([UInt8](repeating: 1, count: 32)))
            offCurve = .object(members)
        }
        let refused: [(JSONValue, String)] = [
            (try TestKeyPair(.rsa(bits: 1024)).jwk(id: "a"), "RSA of 1024 bits"),
            (try TestKeyPair(.ec(curve: "P-384")).jwk(id: "a"), "P-384"),
            (try rsa.jwk(id: "a", more: ["use": .string("enc")]), "for encryption"),
            (try rsa.jwk(id: "a", more: ["key_ops": .array([.string("sign")])]), "not for verifying"),
            (try rsa.jwk(id: "a", more: ["alg": .string("RS512")]), "for another algorithm"),
            (try rsa.jwk(id: "a", more: ["e": .string("AQ")]), "exponent 1"),
            (try rsa.jwk(id: "a", more: ["n": .string("")]), "no modulus"),
            (try rsa.jwk(id: "a", more: ["n": .string("AQAB==")]), "a modulus that is not base64url"),
            (try ec.jwk(id: "a", more: ["x": .string("AQ")]), "a short coordinate"),
            (offCurve, "a point off the curve"),
            (.object(["kty": .string("oct"), "kid": .string("a"), "k": .string("c2VjcmV0")]), "a shared secret"),
        ]
        for (key, why) in refused {
            #expect(throws: ServiceError.self, "\(why)") { try keySet([key]) }
            #expect(try keySet([key, try ec.jwk(id: "good")]).keys.map(\.id) == ["good"], "\(why), beside a good one")
        }
    }

    @Test(arguments: ["", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[1]}"#, #"{"keys":[],"keys":[]}"#, "{"])
    func whatIsNoKeySetIsRefused(_ json: String) {
        #expect(throws: ServiceError.self) { try JWKS(json: Array(json.utf8)) }
    }

    @Test func aKeySetIsReadFromAFile() throws {
        let folder = TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path + "/jwks.json"
        let ec = try TestKeyPair(.ec(curve: "P-256"))
        let json = try JSONEncoder().encode(JSONValue.object(["keys": .array([try ec.jwk(id: "e")])]))
        try json.write(to: URL(filePath: path))
        #expect(try JWKS(path: path).keys.map(\.algorithm) == [.es256])
        #expect(throws: ServiceError.self) { try JWKS(path: path + ".absent") }
    }
}
