import HTTP
import Models
import Testing

@Suite struct JSONDecodingTests {
    enum Status: String, Codable, CaseIterable { case draft, ready, inProgress = "in_progress" }

    struct Settings: Decodable {
        let temperature: Double?
        let tokens: UInt8?
    }

    struct Item: Decodable {
        let title: String
        let priority: Int?
        let status: Status?
        let skills: [String]?
        let model: Settings?
        let flag: Bool?
        let due: Timestamp?
        let labels: [String: Int]?
        let past: [Status]?
    }

    struct Patch: Decodable {
        let title: Field<String>
        let parent: Field<String>
        let free: JSONValue?
    }

    private func item(_ text: String) throws -> Item { try JSON.decode(Item.self, from: Array(text.utf8)) }

    private func failure(_ text: String) -> String {
        do {
            _ = try item(text)
            return "none"
        } catch let error as JSONError {
            return error.message
        } catch {
            return "another error: \(error)"
        }
    }

    @Test func membersAreReadIntoTheirTypes() throws {
        let item = try item(
            """
             {"title": "a\\u00e9\\ud83d\\ude00\\n\\/", "priority": -3, "status": "in_progress", "skills": ["x", "y"],
              "unknown": [{}],
              "model": {"temperature": 0.5, "tokens": 255}, "flag": true, "due": "2026-02-28T09:00:00Z", "labels": {"a": 1},
               "past": ["draft"]}
            """)
        #expect(item.title == "aé😀\n/")
        #expect(item.priority == -3)
        #expect(item.status == .inProgress)
        #expect(item.skills == ["x", "y"])
        #expect(item.model?.temperature == 0.5)
        #expect(item.model?.tokens == 255)
        #expect(item.flag == true)
        #expect(item.due?.rfc3339 == "2026-02-28T09:00:00Z")
        #expect(item.labels == ["a": 1])
        #expect(item.past == [.draft])
    }

    @Test(arguments: [
        ("", "body: required"), (" \n", "body: required"), ("{}", "title: required"), ("[]", "body: must be an object"),
        ("null", "body: must not be null"), ("\"x\"", "body: must be an object"), (#"{"title":null}"#, "title: must not be null"),
        (#"{"title":1}"#, "title: must be a string"), (#"{"title":"x","priority":"1"}"#, "priority: must be an integer"),
        (#"{"title":"x","priority":1.5}"#, "priority: must be an integer"),
        (
            #"{"title":"x","priority":99999999999999999999}"#,
            "priority: must be an integer between -9223372036854775808 and 9223372036854775807"
        ),
        (#"{"title":"x","model":{"temperature":1e999}}"#, "model.temperature: must be a number in range"),
        (#"{"title":"x","model":{"temperature":"hot"}}"#, "model.temperature: must be a number"),
        (#"{"title":"x","model":{"tokens":256}}"#, "model.tokens: must be an integer between 0 and 255"),
        (#"{"title":"x","model":{"tokens":-1}}"#, "model.tokens: must be an integer between 0 and 255"),
        (#"{"title":"x","model":[]}"#, "model: must be an object"),
        (#"{"title":"x","skills":["a","b",3]}"#, "skills[2]: must be a string"),
        (#"{"title":"x","skills":{"0":"a"}}"#, "skills: must be an array"),
        (#"{"title":"x","flag":1}"#, "flag: must be a boolean"),
        (#"{"title":"x","skills":[null]}"#, "skills[0]: must not be null"),
        (#"{"title":"x","status":"done"}"#, "status: must be one of draft, ready, in_progress"),
        (#"{"title":"x","past":["draft","done"]}"#, "past[1]: must be one of draft, ready, in_progress"),
        (#"{"title":"x","status":3}"#, "status: must be a string"),
        (#"{"title":"x","due":"soon"}"#, "due: must be an RFC 3339 timestamp"),
        (#"{"title":"x","labels":{"a":1,"b":"2"}}"#, "labels.b: must be an integer"),
        (#"{"title":"x",}"#, "body: malformed JSON at byte 13"), (#"{"title" "x"}"#, "body: malformed JSON at byte 9"),
        (#"{"title":"x"} x"#, "body: malformed JSON at byte 14"), (#"{"title":"\ud800"}"#, "body: malformed JSON at byte 10"),
        (#"{"title":"\ud800\u0041"}"#, "body: malformed JSON at byte 10"),
        (#"{"title":"\x"}"#, "body: malformed JSON at byte 10"),
        (#"{"title":"x","priority":01}"#, "body: malformed JSON at byte 25"),
        (#"{"title":"x","priority":+1}"#, "body: malformed JSON at byte 24"),
        (#"{"title":"x","priority":1.}"#, "body: malformed JSON at byte 26"),
        (#"{"title":"x","priority":NaN}"#, "body: malformed JSON at byte 24"),
        ("{\"title\":\"a\u{1}\"}", "body: malformed JSON at byte 11"), (#"{"title":"#, "body: malformed JSON at byte 9"),
        (#"{"title":"abc"#, "body: malformed JSON at byte 13"), ("{\u{0}}", "body: malformed JSON at byte 1"),
    ])
    func anErrorNamesItsField(text: String, message: String) {
        #expect(failure(text) == message)
    }

    @Test func anErrorCarriesItsFieldApart() {
        let error = #expect(throws: JSONError.self) { try item(#"{"title":"x","model":{"temperature":[]}}"#) }
        #expect(error?.field == "model.temperature")
        let whole = #expect(throws: JSONError.self) { try item("{") }
        #expect(whole?.field == nil)
    }

    @Test func nestingIsLimited() throws {
        let allowed = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        #expect(try item("{\"title\":\"x\",\"deep\":\(allowed)}").title == "x")
        #expect(failure("{\"title\":\"x\",\"deep\":[\(allowed)]}") == "body: nested deeper than 64")
        #expect(failure(String(repeating: "[", count: 1_000_000)) == "body: nested deeper than 64")
        #expect(failure(String(repeating: "{\"a\":", count: 100_000)) == "body: nested deeper than 64")
    }

    @Test func bytesThatAreNotUTF8AreNamed() {
        let bytes = Array("{\"title\":\"".utf8) + [0xC0, 0xAF] + Array("\"}".utf8)
        let error = #expect(throws: JSONError.self) { try JSON.decode(Item.self, from: bytes) }
        #expect(error?.message == "body: not UTF-8 at byte 10")
    }

    @Test func aByteOrderMarkAndDoubleKeysAreTolerated() throws {
        #expect(try item("\u{FEFF}{\"title\":\"x\",\"title\":\"y\"}").title == "y")
        let many = (0..<100).map { "\"k\($0 % 50)\":\($0)" }.joined(separator: ",")
        #expect(try JSON.decode([String: Int].self, from: Array("{\(many)}".utf8))["k7"] == 57)
        #expect(try JSON.decode([String: Int].self, from: Array(#"{"a":1,"\u0061":2,"b":3}"#.utf8)) == ["a": 2, "b": 3])
    }

    @Test func integersMayBeWrittenWithAFraction() throws {
        #expect(try JSON.decode([Int].self, from: Array("[3.0, 2e2, -0, 0.0]".utf8)) == [3, 200, 0, 0])
        #expect(try JSON.decode([Int64].self, from: Array("[9223372036854775807,-9223372036854775808]".utf8)) == [.max, .min])
        #expect(try JSON.decode([UInt64].self, from: Array("[18446744073709551615]".utf8)) == [.max])
    }

    @Test func aPatchMemberIsAbsentNullOrAValue() throws {
        let patch = try JSON.decode(Patch.self, from: Array(#"{"parent":null,"free":{"a":[1,1.5,"x",true,null]}}"#.utf8))
        #expect(patch.title.isAbsent)
        guard case .null = patch.parent else {
            Issue.record("null was not kept apart from absence")
            return
        }
        #expect(patch.free == .object(["a": .array([.integer(1), .number(1.5), .string("x"), .bool(true), .null])]))
        let error = #expect(throws: JSONError.self) { try JSON.decode(Patch.self, from: Array(#"{"title":3}"#.utf8)) }
        #expect(error?.message == "title: must be a string")
        let huge = #expect(throws: JSONError.self) { try JSON.decode(Patch.self, from: Array(#"{"free":{"a":[1e999]}}"#.utf8)) }
        #expect(huge?.message == "free.a[0]: must be a number in range")
    }

    @Test func randomInputNeverDoesMoreThanThrow() {
        var generator = SeededGenerator(seed: 2)
        let text =
            #"{"title":"a\u00e9\ud83d\ude00","priority":-3,"status":"draft","skills":["x"],"#
            + #""model":{"temperature":0.5e1},"labels":{"a":1}}"#
        let seed = Array(text.utf8)
        for _ in 0..<20_000 {
            let bytes = generator.mutated(seed)
            do {
                _ = try JSON.decode(Item.self, from: bytes)
                _ = try JSON.decode(JSONValue.self, from: bytes)
            } catch {
                #expect(error is JSONError)
            }
        }
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(throws: JSONError.self) { try JSON.decode(Item.self, from: bytes) }
        }
    }
}
