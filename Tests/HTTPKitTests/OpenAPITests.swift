import HTTP
import Models
import Testing

@Suite struct OpenAPITests {
    enum Level: String, Codable, CaseIterable { case low, high }
    enum Closed: String, Codable { case only }

    /// A type that takes but one kind of string.
    struct Moment: Codable {
        init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode(String.self)
            guard Timestamp(rfc3339: text) != nil else { throw ServiceError.invalid("moment", "must be a timestamp") }
        }

        func encode(to encoder: any Encoder) throws {}
    }

    struct Leaf: Codable {
        let name: String
        let level: Level
    }

    struct Tree: Codable {
        let id: String
        let count: Int
        let ratio: Double
        let isOpen: Bool
        let leaf: Leaf
        let leaves: [Leaf]
        let maybe: Leaf?
        let labels: [String: Int]
        let level: Level?
        let children: [Tree]
        let made: Moment
        let port: UInt16
    }

    struct Patch: Codable {
        let title: Field<String>
        let level: Field<Level>
        let leaf: Field<Leaf>
    }

    struct Picky: Decodable {
        let title: String
        let after: Int

        enum CodingKeys: String, CodingKey { case title, after, closed, last }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            title = try container.decode(String.self, forKey: .title)
            guard title.count > 1 else { throw ServiceError.invalid("title", "too short") }
            after = try container.decode(Int.self, forKey: .after)
            _ = try container.decodeIfPresent(String.self, forKey: .closed) ?? "default"
            _ = try container.decode(Closed.self, forKey: .last)
        }
    }

    struct Page<Item: Codable>: Codable {
        let items: [Item]
        let next: String?
    }

    struct Wrapped: Codable {
        let value: String
        init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(String.self) }
        func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    }

    private struct Hidden: Codable { let a: Int }

    struct Special: Codable, SchemaProviding {
        static var jsonSchema: JSONSchemaNode { .string(format: "uri") }
    }

    private func text(_ node: JSONSchemaNode?) throws -> String? {
        try node.map { String(decoding: try JSON.encode($0.tree), as: UTF8.self) }
    }

    @Test func aTypeGivesItsMembersItsRequiredOnesAndItsNestedTypes() throws {
        let collection = SchemaCollection()
        #expect(collection.schema(of: Tree.self) == .reference("OpenAPITests.Tree"))
        let node = collection.components.first { $0.name == "OpenAPITests.Tree" }?.schema
        #expect(
            try text(node) == """
                {"type":"object","properties":{"id":{"type":"string"},"count":{"type":"integer","format":"int64"},\
                "ratio":{"type":"number"},\
                "isOpen":{"type":"boolean"},"leaf":{"$ref":"#/components/schemas/OpenAPITests.Leaf"},\
                "leaves":{"type":"array","items":{"$ref":"#/components/schemas/OpenAPITests.Leaf"}},\
                "maybe":{"anyOf":[{"$ref":"#/components/schemas/OpenAPITests.Leaf"},{"type":"null"}]},\
                "labels":{"type":"object","additionalProperties":{"type":"integer","format":"int64"}},\
                "level":{"anyOf":[{"type":"string","enum":["low","high"]},{"type":"null"}]},\
                "children":{"type":"array","items":{"$ref":"#/components/schemas/OpenAPITests.Tree"}},"made":{"type":"string"},\
                "port":{"type":"integer","minimum":0}},\
                "required":["id","count","ratio","isOpen","leaf","leaves","labels","children","made","port"]}
                """)
        #expect(collection.incomplete.isEmpty)
        #expect(collection.components.map(\.name) == ["OpenAPITests.Leaf", "OpenAPITests.Tree"])
    }

    @Test func aPatchMemberIsOptionalAndNullable() throws {
        let collection = SchemaCollection()
        _ = collection.schema(of: Patch.self)
        #expect(
            try text(collection.components.first { $0.name == "OpenAPITests.Patch" }?.schema) == """
                {"type":"object","properties":{"title":{"type":["string","null"]},\
                "level":{"anyOf":[{"type":"string","enum":["low","high"]},{"type":"null"}]},\
                "leaf":{"anyOf":[{"$ref":"#/components/schemas/OpenAPITests.Leaf"},{"type":"null"}]}}}
                """)
    }

    @Test func aTypeThatRefusesMadeUpValuesKeepsWhatWasRecorded() throws {
        let collection = SchemaCollection()
        _ = collection.schema(of: Picky.self)
        #expect(
            try text(collection.components.first?.schema) == """
                {"type":"object","properties":{"title":{"type":"string"},"after":{"type":"integer","format":"int64"},\
                "closed":{"type":["string","null"]},"last":{"type":"string"}},"required":["title","after","last"]}
                """)
        #expect(collection.incomplete.contains { $0.hasSuffix("Picky") })
    }

    @Test func genericAndSpecialTypesHaveNamesThatADocumentMayUse() throws {
        let collection = SchemaCollection()
        #expect(collection.schema(of: Page<Leaf>.self) == .reference("OpenAPITests.Page_OpenAPITests.Leaf"))
        #expect(collection.schema(of: [Wrapped?].self) == .array(of: JSONSchemaNode(["type": ["string", "null"]])))
        #expect(collection.schema(of: Special.self) == .string(format: "uri"))
        #expect(collection.schema(of: Hidden.self) == .reference("OpenAPITests.Hidden"))
        #expect(collection.schema(of: [String: [Level]].self) == .map(of: .array(of: .enumeration(["low", "high"]))))
    }

    private func document(_ tag: String, _ body: any Decodable.Type) -> OpenAPIDocument {
        let document = OpenAPIDocument(title: tag, version: "1")
        document.add(.bearer(format: "JWT"), named: "bearer")
        document.add(
            OpenAPIOperation(
                .post, "/\(tag)/{id}/things/{rest...}", summary: "Makes one", tag: tag,
                parameters: [OpenAPIParameter("dry_run", schema: .boolean)],
                request: [OpenAPIContent(.type(body))],
                responses: [
                    OpenAPIResponse(.created, content: [OpenAPIContent(.type(body))]), OpenAPIResponse("4XX", "An error"),
                ],
                security: ["bearer"]))
        return document
    }

    @Test func anOperationShowsItsParametersContentAndSecurity() throws {
        let tree = document("a", Leaf.self).tree
        let operation = tree["paths"]?["/a/{id}/things/{rest}"]?["post"]
        #expect(operation?["operationId"] == "post_a_by_id_things_by_rest")
        #expect(operation?["parameters"]?.items.compactMap { $0["name"]?.text } == ["id", "rest", "dry_run"])
        #expect(operation?["parameters"]?.items.map { $0["required"] } == [true, true, false])
        #expect(
            operation?["requestBody"]?["content"]?["application/json"]?["schema"] == [
                "$ref": "#/components/schemas/OpenAPITests.Leaf"
            ])
        #expect(operation?["security"] == [["bearer": []]])
        #expect(operation?["responses"]?.members.map(\.name) == ["201", "4XX"])
    }

    @Test func mergingKeepsSchemasOfOneNameApartWhenTheyDiffer() throws {
        let first = document("a", Leaf.self)
        let second = document("b", Leaf.self)
        second.schemas.add("OpenAPITests.Leaf", .object)
        second.schemas.add("Holder", .array(of: .reference("OpenAPITests.Leaf")))
        first.schemas.add("Holder", .array(of: .reference("OpenAPITests.Leaf")))
        let merged = try JSONTree(
            parsing: OpenAPIDocument.merged(title: "all", version: "1", [("a", first.encoded()), ("b", second.encoded())]))
        #expect(
            merged["components"]?["schemas"]?.members.map(\.name) == [
                "OpenAPITests.Leaf", "Holder", "b_OpenAPITests.Leaf", "b_Holder",
            ])
        let content = merged["paths"]?["/b/{id}/things/{rest}"]?["post"]?["requestBody"]?["content"]
        #expect(content?["application/json"]?["schema"] == ["$ref": "#/components/schemas/b_OpenAPITests.Leaf"])
        #expect(merged["components"]?["schemas"]?["b_Holder"]?["items"] == ["$ref": "#/components/schemas/b_OpenAPITests.Leaf"])
        #expect(merged["paths"]?.members.count == 2)
    }
}
