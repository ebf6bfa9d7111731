import HTTP
import Models
import Testing

@Suite struct JSONEncodingTests {
    struct Inner: Codable {
        let name: String
        let size: Double
    }

    struct Outer: Encodable {
        let id: String
        let count: Int
        let isOpen: Bool
        let none: String?
        let inner: Inner
        let list: [Inner]
        let names: [String: Int]
        let when: Timestamp
        let maybe: [Int?]
    }

    /// Another type's members, and one more.
    struct Shown: Encodable {
        let inner: Inner
        let link: String

        enum CodingKeys: String, CodingKey { case link }

        func encode(to encoder: any Encoder) throws {
            try inner.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(link, forKey: .link)
        }
    }

    struct Nesting: Encodable {
        enum CodingKeys: String, CodingKey { case outer, inner, last }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            var outer = container.nestedContainer(keyedBy: CodingKeys.self, forKey: .outer)
            var items = outer.nestedUnkeyedContainer(forKey: .inner)
            try items.encode(1)
            _ = items.nestedContainer(keyedBy: CodingKeys.self)
            try items.encodeNil()
            try outer.encode("x", forKey: .last)
            try container.encodeNil(forKey: .last)
        }
    }

    struct Empty: Encodable {}

    private func text(_ value: some Encodable) throws -> String { String(decoding: try JSON.encode(value), as: UTF8.self) }

    @Test func aValueIsWrittenInTheOrderOfItsMembers() throws {
        let inner = Inner(name: "a/b", size: 2)
        let outer = Outer(
            id: "x", count: -12, isOpen: true, none: nil, inner: inner, list: [inner, inner], names: ["k": 1],
            when: Timestamp(milliseconds: 0), maybe: [1, nil])
        #expect(
            try text(outer) == """
                {"id":"x","count":-12,"isOpen":true,"inner":{"name":"a/b","size":2},\
                "list":[{"name":"a/b","size":2},{"name":"a/b","size":2}],\
                "names":{"k":1},"when":"1970-01-01T00:00:00Z","maybe":[1,null]}
                """)
    }

    @Test func stringsAreEscapedOnlyWhereTheyMustBe() throws {
        #expect(try text("a\"b\\c/d\n\r\t\u{8}\u{c}\u{1}\u{1f}é😀\u{7f}") == #""a\"b\\c/d\n\r\t\b\f\u0001\u001fé😀"# + "\u{7f}\"")
        #expect(JSON.quoted("é\"") == Array("\"é\\\"\"".utf8))
    }

    @Test func numbersAreWrittenAsShortAsTheyCanBe() throws {
        #expect(try text([0.1, 1, -2.5, 1e300, .leastNonzeroMagnitude]) == "[0.1,1,-2.5,1e+300,5e-324]")
        #expect(try text([Int64.min, Int64.max, 0, 9, 10]) == "[-9223372036854775808,9223372036854775807,0,9,10]")
        #expect(try text([UInt8(0), 255]) == "[0,255]")
        #expect(throws: EncodingError.self) { try JSON.encode([Double.nan]) }
        #expect(throws: EncodingError.self) { try JSON.encode(Double.infinity) }
    }

    @Test func containersMayBeNestedByHandAndShared() throws {
        #expect(try text(Nesting()) == #"{"outer":{"inner":[1,{},null],"last":"x"},"last":null}"#)
        #expect(try text(Shown(inner: Inner(name: "n", size: 1.5), link: "l")) == #"{"name":"n","size":1.5,"link":"l"}"#)
        #expect(try text([Shown(inner: Inner(name: "n", size: 1), link: "l")]) == #"[{"name":"n","size":1,"link":"l"}]"#)
    }

    @Test func emptyThingsStayWhatTheyAre() throws {
        #expect(try text([Int]()) == "[]")
        #expect(try text([String: Int]()) == "{}")
        #expect(try text(Empty()) == "{}")
        #expect(try text([[Empty()], []]) == "[[{}],[]]")
        #expect(try text(Int?.none) == "null")
    }

    @Test func freeJSONComesBackAsItWas() throws {
        let value = JSONValue.object([
            "a": .array([.integer(1), .number(1.5), .null, .bool(false), .object([:])]), "b": .string("x\u{0}y"),
        ])
        #expect(try JSON.decode(JSONValue.self, from: try JSON.encode(value)) == value)
    }
}
