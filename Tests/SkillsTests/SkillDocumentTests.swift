import Models
import Testing

@testable import Skills

/// `SKILL.md` by value.
@Suite struct SkillDocumentTests {
    @Test func frontMatterAsPeopleWriteItIsRead() throws {
        let document = try SkillDocument(
            reading: """
                ---
                # how the team writes it
                name: "Deploy \\"safely\\""   # a comment
                description: >-
                  Ships a release
                  and watches it.
                license: MIT
                metadata:
                  author: somebody
                  nested:
                    - deep
                tags:
                  - ops
                  - 'it''s'
                allowed-tools: [Bash, "Read, Write"]
                version: 2.0.0-rc.1
                ---

                # Deploy

                ---
                A rule within the content is content.
                """)
        #expect(document.name == "Deploy \"safely\"")
        #expect(document.description == "Ships a release and watches it.")
        #expect(document.tags == ["ops", "it's"])
        #expect(document.version == "2.0.0-rc.1")
        #expect(document.content == "# Deploy\n\n---\nA rule within the content is content.")
    }

    @Test func linesMayEndInCarriageReturnsToo() throws {
        let text = "---\r\nname: Deploy\r\ntags:\r\n  - a\r\n---\r\n\r\none\r\r\ntwo\r\n"
        let document = try SkillDocument(reading: text)
        #expect(document.name == "Deploy")
        #expect(document.tags == ["a"])
        #expect(document.content == "one\ntwo\n")
        let odd = try SkillDocument(reading: "---\nname: a\n---\n\ntext\r")
        #expect(try SkillDocument(reading: odd.text) == odd)
    }

    @Test func whatCannotBeReadNamesItsLine() {
        for (text, message) in [
            ("", "front_matter: required: the document begins with a line of ---"),
            ("---\nname: x\n", "front_matter: has no closing line of ---"),
            ("---\nname: x\nnonsense\n---\n", "front_matter: line 3: expected `name: value`"),
            ("---\nname: x\nname: y\n---\n", "front_matter: line 3: name is there twice"),
            ("---\nname: \"x\n---\n", "front_matter: line 2: the quote is not closed"),
            ("---\nname: x\ntags: [a, b\n---\n", "front_matter: line 3: the list is not closed"),
            ("---\nname: x\ntags: [[a]]\n---\n", "front_matter: line 3: a list holds texts only"),
            ("---\nname: \"\\q\"\n---\n", "front_matter: line 2: an escape that is not read here"),
            ("---\nname:\n  - x\n---\n", "front_matter: name must be a text"),
            ("---\nname: &anchor x\n---\n", "front_matter: name must be a text"),
            ("---\ndescription: x\n---\n", "name: required in the front matter"),
        ] {
            #expect(throws: ServiceError.self) { try SkillDocument(reading: text) }
            do { _ = try SkillDocument(reading: text) } catch { #expect(error.message == message, "\(text)") }
        }
    }

    @Test func anyTextSurvivesBeingWrittenAndRead() throws {
        let texts = [
            "plain", "with: colon", "- dash", "#hash", "a #comment", "\"quoted\"", "it's", "tab\tline\nbreak", "[x]", "a, b",
            "true", "1.0",
            "~", "trailing:", " spaces ",
            "ünïcödé ✓", "\\backslash", "\u{1}\u{7f}", "---", "{x}", "*", "&x", "!t", "%", "@", "",
        ]
        for text in texts {
            #expect(try FrontMatter.scalarValue(FrontMatter.scalar(text), 1) == text, "\(text)")
            let written = "[\(FrontMatter.scalar(text)), \(FrontMatter.scalar(text))]"
            #expect(try FrontMatter.flowList(written, 1) == [text, text], "\(text)")
        }
    }

    @Test func versionsAreOrderedAsSemanticVersioningSays() {
        let inOrder = [
            "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0", "1.2.0", "1.10.0", "2.0.0",
        ].compactMap(SemanticVersion.init)
        #expect(inOrder.count == 12)
        for (lower, higher) in zip(inOrder, inOrder.dropFirst()) { #expect(lower < higher) }
        for text in ["", "1", "1.0", "1.0.0.0", "1.0.0-01", "1.0.0+", "1.0.x", "٣.0.0", "1.0.0-ä", "99999999999999999999.0.0"] {
            #expect(SemanticVersion(text) == nil, "\(text)")
        }
    }

    @Test func headingsInCodeDoNotCount() {
        let content = "# One #\n```sh\n# not a heading\n```\n### Two\n#nor this\n####### nor this\n  ## Three ##\n"
        #expect(SkillTesting.headings(of: content) == ["One", "Two", "Three"])
    }
}
