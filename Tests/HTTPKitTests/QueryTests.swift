import HTTP
import Testing

@Suite struct QueryTests {
    private enum Colour: String, CaseIterable { case red, green }

    private func query(_ text: String) throws -> Query { try Query(Array(text.utf8)[...]) }

    @Test func namesAndValuesAreDecoded() throws {
        let query = try query("a=b+c&d=%C3%A9%2B&&flag&a=2&e=x=y")
        #expect(query["a"] == "b c")
        #expect(query.all("a") == ["b c", "2"])
        #expect(query["d"] == "é+")
        #expect(query["flag"] == "")
        #expect(query["e"] == "x=y")
        #expect(query["none"] == nil)
    }

    @Test func listsAreRepeatedOrCommaSeparated() throws {
        #expect(try query("s=a,b&s=c&s=").list("s") == ["a", "b", "c"])
        #expect(try query("s=red,green").words("s", as: Colour.self) == [.red, .green])
    }

    @Test(arguments: [
        ("limit=x", "limit: must be an integer between 1 and 200"), ("limit=0", "limit: must be an integer between 1 and 200"),
        ("limit=99999999999999999999", "limit: must be an integer between 1 and 200"),
        ("limit=", "limit: must be an integer between 1 and 200"), ("limit=%zz", "limit: must be percent-encoded UTF-8"),
        ("limit=%ff", "limit: must be percent-encoded UTF-8"), ("%=1", "query: a parameter's name is not percent-encoded UTF-8"),
        ("limit=%00", "limit: must be percent-encoded UTF-8"),
    ])
    func anErrorNamesItsParameter(text: String, message: String) {
        let error = #expect(throws: QueryError.self) { try query(text).integer("limit", in: 1...200) }
        #expect(error?.message == message)
    }

    @Test func typedValuesAreChecked() throws {
        let query = try query("n=3&f=1.5&t=true&z=0&bare&c=green&bad=blue&inf=inf")
        #expect(try query.integer("n") == 3)
        #expect(try query.integer("none") == nil)
        #expect(try query.number("f") == 1.5)
        #expect(try query.bool("t") == true)
        #expect(try query.bool("z") == false)
        #expect(try query.bool("bare") == true)
        #expect(try query.word("c", as: Colour.self) == .green)
        #expect(throws: QueryError("bad", "must be one of red, green")) { try query.word("bad", as: Colour.self) }
        #expect(throws: QueryError("inf", "must be a number")) { try query.number("inf") }
        #expect(throws: QueryError("t", "must be an integer")) { try query.integer("t") }
        #expect(throws: QueryError("none", "required")) { try query.required("none") }
    }

    @Test func thereIsALimitToTheNumberOfParameters() throws {
        #expect(try query(String(repeating: "&", count: 10_000)).isEmpty)
        #expect(throws: QueryError.self) { try query(String(repeating: "a&", count: 257)) }
    }
}
