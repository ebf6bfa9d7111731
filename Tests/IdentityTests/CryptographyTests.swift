import Models
import Testing

@testable import Identity

@Suite struct CryptographyTests {
    private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined() }

    @Test func digestsAreTheStandards() {
        #expect(hex(Digest.sha256(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(hex(Digest.sha256([UInt8]())) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let mac = Digest.hmacSHA256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(hex(mac) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(Digest.hmacSHA256([UInt8](), key: [1]).count == 32)
    }

    @Test func comparisonIsOfLengthAndBytes() {
        #expect(Digest.equal([1, 2, 3], [1, 2, 3]))
        #expect(!Digest.equal([1, 2, 3], [1, 2, 4]))
        #expect(!Digest.equal([1, 2, 3], [1, 2]))
        #expect(Digest.equal([UInt8](), [UInt8]()))
    }

    @Test func base64URLReadsOnlyWhatItWrites() {
        var random = SeededGenerator(seed: 1)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        #expect(Base64URL.string("f".utf8) == "Zg")
        for bad in ["Z", "Zh", "Zg=", "Zg==", "Zm9=", " Zg", "Zg\n", "Z+", "Z/", "Zm9vYg=", "Zm9vY", "Zm9vYh", "é"] {
            #expect(Base64URL.decode(bad.utf8) == nil, "\(bad)")
        }
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in UInt8.random(in: 33...126, using: &random) }
            if let bytes = Base64URL.decode(text) { #expect(Base64URL.encode(bytes) == text) }
        }
    }

    @Test func base62DrawsEveryCharacter() {
        let text = SecureRandom.base62(20_000)
        #expect(text.count == 20_000 && Set(text) == Set(SecureRandom.alphabet))
    }

    @Test func aPasswordIsKnownByItsHashAlone() throws {
        let cost = Password.Cost(logarithm: 10, blocks: 8, lanes: 1)
        let stored = try Password.hash("correct horse", cost: cost)
        #expect(stored.hasPrefix("$scrypt$ln=10,r=8,p=1$"))
        #expect(stored != (try Password.hash("correct horse", cost: cost)))
        #expect(Password.verify("correct horse", against: stored))
        for wrong in ["", "correct horsf", "correct horse ", "Correct horse"] {
            #expect(!Password.verify(wrong, against: stored), "\(wrong)")
        }
        #expect(Password.verify("pässwörd", against: try Password.hash("pässwörd", cost: cost)))
        #expect(!Password.verify("correct horse", against: nil))
    }

    @Test func scryptIsTheStandards() {
        // RFC 7914 §12: N 1024, r 8, p 16, of which the first 32 bytes.
        let hash: [UInt8] = [
            0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00, 0x78, 0x56, 0xe7, 0x19, 0x0d, 0x01, 0xe9, 0xfe, 0x7c, 0x6a, 0xd7,
            0xcb, 0xc8,
            0x23, 0x78, 0x30, 0xe7, 0x73, 0x76, 0x63, 0x4b, 0x37, 0x31, 0x62,
        ]
        let salt = Base64URL.string("NaClNaCl".utf8)
        #expect(Password.verify("password", against: "$scrypt$ln=10,r=8,p=16$" + "\(Base64URL.string("NaCl".utf8))$x") == false)
        #expect(Password.verify("password", against: "$scrypt$ln=10,r=8,p=16$\(salt)$\(Base64URL.string(hash))") == false)
        #expect(
            Password.derive("password", salt: Array("NaCl".utf8), cost: Password.Cost(logarithm: 10, blocks: 8, lanes: 16))
                == hash)
    }

    @Test(arguments: [
        "", "x", "$scrypt$", "$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAA$AAAA", "$scrypt$ln=10,r=900000,p=1$AAAAAAAAAAAAAAAA$AAAA",
        "$scrypt$ln=10,r=8$AAAAAAAAAAAAAAAA$AAAA", "$scrypt$ln=-1,r=8,p=1$AAAAAAAAAAAAAAAA$AAAA",
        "$bcrypt$ln=10,r=8,p=1$AAAA$AAAA",
        "$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAA$",
    ])
    func aDamagedHashMatchesNothing(_ stored: String) {
        #expect(!Password.verify("", against: stored))
    }

    @Test func passwordsHaveALeastAndAMostLength() {
        #expect(throws: Never.self) { try Password.validate("12345678") }
        #expect(throws: ServiceError.self) { try Password.validate("1234567") }
        #expect(throws: ServiceError.self) { try Password.validate(String(repeating: "x", count: 1025)) }
        #expect(Password.random().count == 20)
    }

    @Test func aSealedSecretOpensInItsPlaceAlone() throws {
        let box = SecretBox(key: SuiteKeys.ephemeral().encryption)
        for secret in [[], Array("s3cret".utf8), SecureRandom.bytes(5000)] {
            let sealed = try box.seal(secret, context: "integrations/1/credential")
            #expect(try box.open(sealed, context: "integrations/1/credential") == secret)
            #expect(sealed != (try box.seal(secret, context: "integrations/1/credential")))
            #expect(throws: ServiceError.self) { try box.open(sealed, context: "integrations/2/credential") }
            #expect(throws: ServiceError.self) {
                try SecretBox(key: SuiteKeys.ephemeral().encryption).open(sealed, context: "integrations/1/credential")
            }
        }
        let sealed = try box.seal(Array("s3cret".utf8), context: "c")
        for index in sealed.indices {
            var bad = sealed
            bad[index] ^= 1
            #expect(throws: ServiceError.self) { try box.open(bad, context: "c") }
            #expect(throws: ServiceError.self) { try box.open(Array(sealed.prefix(index)), context: "c") }
        }
    }

    @Test func strictJSONReadsJSONAndNothingElse() {
        let good = [
            "null", "true", "false", "0", "-0", "12", "-1.5e+3", #""""#, #""a\n\u00e9\ud83d\ude00\/""#, "[]", "[1, 2]", "{}",
            #" {"a" : [ {"b":null} ] } "#,
        ]
        for text in good { #expect(StrictJSON.parse(text.slice) != nil, "\(text)") }
        #expect(StrictJSON.parse(#""\u00e9\ud83d\ude00""#.slice) == .string("é😀"))
        let bad = [
            "", " ", "nul", "tru", "01", "-", "+1", ".5", "1.", "1e", "1e999", "NaN", "Infinity", "'a'", "\"", "\"\n\"", #""\x""#,
            #""\u12""#, #""\ud800""#, #""\ud800x""#, #""\ud800\u0041""#, #""\udc00""#, "[1,]", "[,1]", "[1 2]", "[", "{", "{,}",
            "{a:1}",
            #"{"a":1,}"#, #"{"a":1,"a":2}"#, #"{"a" 1}"#, #"{"a":}"#, "1 2", "//", "\u{FEFF}1",
            String(repeating: "[", count: 100_000),
        ]
        for text in bad { #expect(StrictJSON.parse(text.slice) == nil, "\(text.prefix(40))") }
        #expect(StrictJSON.parse([0x22, 0xFF, 0x22][...]) == nil)
        #expect(StrictJSON.parse([0x22, 0xC0, 0xAF, 0x22][...]) == nil)
        var random = SeededGenerator(seed: 3)
        let alphabet = Array(#"{}[]",:0123456789eE+-.\utrfalsn "#.utf8)
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0..<24, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            _ = StrictJSON.parse(text[...])
        }
    }
}
