import Testing

/// The tree as it stands keeps every rule of the house.
@Suite struct TreeTests {
    private func expectNone(_ faults: [Fault]) {
        #expect(faults.isEmpty, "\(faults.map(\.description).joined(separator: "\n"))")
    }

    @Test func theTreeIsFound() {
        #expect(SourceTree.files.contains { $0.path == "Package.swift" })
        #expect(SourceTree.swiftFiles.count > 20)
    }

    @Test func theTopLevelHoldsWhatBelongsThere() { expectNone(TreeRules.topLevel(SourceTree.topLevelEntries)) }

    @Test func everyServiceHasItsShape() { expectNone(TreeRules.services(SourceTree.files.map(\.path))) }

    @Test func thePackageDependsOnNoPackage() { expectNone(SourceTree.files.flatMap(TextRules.packages)) }

    @Test func linesFitTheScreen() { expectNone(SourceTree.swiftFiles.flatMap(TextRules.lineLength)) }

    @Test func noTabsAndNoTrailingSpace() { expectNone(SourceTree.files.flatMap(TextRules.whitespace)) }

    @Test func promisesHaveIssues() { expectNone(SourceTree.files.flatMap(TextRules.promises)) }

    @Test func noPathOfOneMachine() { expectNone(SourceTree.files.flatMap(TextRules.machinePaths)) }

    @Test func filesHoldOneConcept() { expectNone(SourceTree.swiftFiles.flatMap(SwiftRules.fileLength)) }

    @Test func functionsFitTheScreen() { expectNone(SourceTree.swiftFiles.flatMap(SwiftRules.functionLength)) }

    @Test func mainsAreThin() { expectNone(SourceTree.swiftFiles.flatMap(SwiftRules.mainLength)) }

    @Test func whatMayHideAFailureSaysWhy() { expectNone(SourceTree.swiftFiles.flatMap(SwiftRules.reasons)) }

    @Test func librariesDoNotPrint() { expectNone(SourceTree.swiftFiles.flatMap(SwiftRules.prints)) }

    @Test func testsDoNotSleep() { expectNone(SourceTree.swiftFiles.flatMap(SwiftRules.sleeps)) }

    @Test func commentsAreNoBanners() { expectNone(SourceTree.swiftFiles.flatMap(CommentRules.banners)) }

    @Test func commentsAreNoCode() { expectNone(SourceTree.swiftFiles.flatMap(CommentRules.code)) }
}
