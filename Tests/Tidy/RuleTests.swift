import Testing

/// Each rule finds the fault that is planted for it, on its line, and nothing in the same file without it.
@Suite struct RuleTests {
    private func lines(_ count: Int, of line: String = "let a = 1") -> String { String(repeating: line + "\n", count: count) }

    private func places(_ faults: [Fault]) -> [Int] { faults.map(\.line) }

    @Test func aLineOfMoreThanTheColumnsIsFound() {
        let fits = String(repeating: "é", count: TextRules.columnsMax)
        #expect(TextRules.lineLength(SourceFile("A.swift", fits + "\n")).isEmpty)
        #expect(places(TextRules.lineLength(SourceFile("A.swift", "ok\n" + fits + "x\n"))) == [2])
        #expect(TextRules.lineLength(SourceFile("A.swift", "let a = \"\"\"\n" + fits + "x\n\"\"\"\n")).isEmpty)
    }

    @Test func tabsAndTrailingSpaceAreFound() {
        #expect(TextRules.whitespace(SourceFile("a.md", "a\n  b\n")).isEmpty)
        #expect(places(TextRules.whitespace(SourceFile("a.md", "a\n\tb\nc \nd\u{a0}\n"))) == [2, 3, 4])
        #expect(places(TextRules.whitespace(SourceFile("a.md", "a\nb"))) == [2])
    }

    @Test func promisesWithoutAnIssueAreFound() {
        let word = "TO" + "DO"
        #expect(TextRules.promises(SourceFile("A.swift", "// \(word) #12: later\nlet \(word)S = 1\n")).isEmpty)
        #expect(places(TextRules.promises(SourceFile("A.swift", "let a = 1\n// \(word): later\n// FIX" + "ME\n"))) == [2, 3])
    }

    @Test func pathsOfMachinesAreFound() {
        #expect(TextRules.machinePaths(SourceFile("a.sh", "cd /var/lib\n# network/route\n")).isEmpty)
        #expect(places(TextRules.machinePaths(SourceFile("a.sh", "cd /wo" + "rk/x\ncd /ro" + "ot/y\n"))) == [1, 2])
    }

    @Test func aPackageIsFound() {
        #expect(TextRules.packages(SourceFile("Package.swift", "// no .package(url:)\n.target(name: \"A\")\n")).isEmpty)
        #expect(places(TextRules.packages(SourceFile("Package.swift", "a\n.package(url: \"x\")\n"))) == [2])
    }

    @Test func strangersAtTheTopOfTheTreeAreFound() {
        #expect(TreeRules.topLevel(["Package.swift", ".git", ".build", "Shared"]).isEmpty)
        #expect(TreeRules.topLevel(["Package.swift", "notes.txt"]).map(\.path) == ["notes.txt"])
    }

    @Test func aServiceWithoutItsShapeIsFound() {
        let whole = ["Services/Agents/Routes.swift", "Services/Agents/Migrations.swift", "Services/Agents/Main/Main.swift"]
        #expect(TreeRules.services(whole + ["Services/Runner/Run.swift"]).isEmpty)
        for missing in whole.indices {
            var paths = whole + ["Services/Agents/AgentStore.swift"]
            paths.remove(at: missing)
            #expect(TreeRules.services(paths).count == 1)
        }
    }

    @Test func longFilesAndMainsAreFound() {
        #expect(SwiftRules.fileLength(SourceFile("A.swift", lines(400))).isEmpty)
        #expect(SwiftRules.fileLength(SourceFile("A.swift", lines(401))).count == 1)
        #expect(SwiftRules.mainLength(SourceFile("Services/A/Main/A.swift", lines(40))).isEmpty)
        #expect(SwiftRules.mainLength(SourceFile("Services/A/Main/A.swift", lines(41))).count == 1)
        #expect(SwiftRules.mainLength(SourceFile("Services/A/A.swift", lines(41))).isEmpty)
    }

    @Test func longFunctionsAreFound() {
        let body = lines(68, of: "    if a { b(\"}\") }  // }")
        let heads = [
            "func a(b: (Int) -> Void = { _ in }) {", "init() {", "deinit {", "subscript(a: Int) -> Int {", "func a()\n{",
        ]
        for head in heads {
            let long = SourceFile("A.swift", "struct A {\n\(head)\n\(body)let c = \"\\(d { \"}\" })\"\n}\n}\n")
            #expect(places(SwiftRules.functionLength(long)) == [2])
        }
        #expect(SwiftRules.functionLength(SourceFile("A.swift", "func a() {\n\(body)}\n")).isEmpty)
        #expect(SwiftRules.functionLength(SourceFile("A.swift", "protocol A { func a()\nvar b: Int {\n\(body)get } }\n")).isEmpty)
        #expect(SwiftRules.functionLength(SourceFile("A.swift", "let a = A.init(b) {\n\(body)\n\n}\n")).isEmpty)
    }

    @Test(arguments: [
        "try? a()", "try! a()", "class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1", "unsafeBitCast(a)",
    ])
    func whatMayHideAFailureWithoutAReasonIsFound(code: String) {
        #expect(SwiftRules.reasons(SourceFile("A.swift", "\(code)  // since\n// since\n\(code)\nretry?.a()\n")).isEmpty)
        #expect(SwiftRules.reasons(SourceFile("A.swift", "let a = \"\"\"\n  \(code)\n  \"\"\"\n// \(code)\n")).isEmpty)
        #expect(places(SwiftRules.reasons(SourceFile("A.swift", "// since\n\n\(code)\n"))) == [3])
    }

    @Test func printingInALibraryIsFound() {
        let text = "let fingerprint(\"a\")\n\n  print(a)\nOutput.print(a)\n"
        #expect(places(SwiftRules.prints(SourceFile("Shared/A/A.swift", text))) == [3])
        #expect(SwiftRules.prints(SourceFile("gateway/CLI/A.swift", text)).isEmpty)
        #expect(SwiftRules.prints(SourceFile("Services/A/Main/A.swift", text)).isEmpty)
    }

    @Test func sleepingInATestIsFound() {
        let text = "try await Task.sleep(for: .seconds(1))\nusleep(1)\nlet asleep = \"sleep(1)\"\nThread.sleep(1)\n"
        #expect(places(SwiftRules.sleeps(SourceFile("Tests/A/A.swift", text))) == [1, 2, 4])
        #expect(SwiftRules.sleeps(SourceFile("Shared/A/A.swift", text)).isEmpty)
        let waiting =
            "usleep(1)  // the clock is what is tested\nwhile !a { await sleep(for: b) }\nawait sleep(for: .seconds(600))\n"
        #expect(SwiftRules.sleeps(SourceFile("Tests/A/A.swift", waiting)).isEmpty)
    }

    @Test(arguments: ["// ----------", "// === Part ===", "//////////", "// MARK: - Part", "/* ****** */"])
    func bannersAreFound(comment: String) {
        #expect(places(CommentRules.banners(SourceFile("A.swift", "let a = \"----\"\n// a -- b\n\(comment)\n"))) == [3])
    }

    @Test(arguments: [
        "// let a = 1", "// var b: Int", "// func a() {}", "// import HTTP", "// if a {", "// }", "// } else {", "// return a.b",
        "// try a.b()", "// a.b(c, d)", "// a.b = c", "//guard let a else { return }",
    ])
    func commentedOutCodeIsFound(comment: String) {
        #expect(places(CommentRules.code(SourceFile("A.swift", "let a = 1\n\(comment)\n"))) == [2])
    }

    @Test(arguments: [
        "// Let the reader be slow (it may).", "// try?: another case is no error", "// as above",
        "// if it fails, the next one helps",
        "// return what is there", "/// let a = 1", "// `a.b()` is called twice", "// RFC 9112 §6.3",
        "// import order matters here",
    ])
    func commentsInWordsAreLeftAlone(comment: String) {
        #expect(CommentRules.code(SourceFile("A.swift", comment + "\n")).isEmpty)
        #expect(CommentRules.banners(SourceFile("A.swift", comment + "\n")).isEmpty)
    }

    @Test func codeCommentsAndStringsAreToldApart() {
        let text = SwiftText("a(\"x // y\") // b\n/* c\nd */ e(#\"\\(f)\"#)\n\"\"\"\n // g\n\"\"\" + \"\\(h(\"i\")) j\"\n")
        #expect(text.lines.map(\.code) == ["a(\"\") ", "", " e(#\"\"#)", "\"\"\"", "", "\"\"\" + \"\\(h(\"\"))\""])
        #expect(text.lines.map(\.comment) == ["// b", "/* c", "d */", nil, nil, nil])
    }
}
