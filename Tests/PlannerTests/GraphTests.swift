import Models
import Testing

@Suite struct GraphTests {
    private func graph(_ nodes: [(String, [String])]) throws -> PlanGraph {
        try PlanGraph(nodes: nodes.map { (key: $0.0, after: $0.1) }, field: "tasks")
    }

    @Test func theOrderPutsEachNodeAfterAllThatItWaitsFor() throws {
        let graph = try graph([("d", ["b", "c"]), ("b", ["a"]), ("c", ["a", "a"]), ("a", []), ("e", [])])
        #expect(graph.order() == ["a", "e", "b", "c", "d"])
        #expect(graph.cycle() == nil)
        try graph.validate(field: "tasks")
    }

    @Test func aCycleIsFoundBehindNodesThatWaitForIt() throws {
        let graph = try graph([("x", ["y"]), ("y", ["a"]), ("a", ["b"]), ("b", ["c"]), ("c", ["a"]), ("z", [])])
        #expect(graph.order() == nil)
        #expect(graph.cycle() == ["a", "b", "c"])
        #expect(throws: ServiceError.self) { try graph.validate(field: "tasks") }
    }

    @Test func aKeyThatComesTwiceIsRefused() throws {
        #expect(throws: ServiceError.invalid("tasks", "the key \"a\" is there twice")) { try graph([("a", []), ("a", [])]) }
    }

    @Test func aDependencyOnNothingIsRefused() throws {
        #expect(throws: ServiceError.invalid("tasks", "\"a\" depends on \"b\", which is not there")) { try graph([("a", ["b"])]) }
    }

    @Test func aChainOfAHundredThousandNodesExhaustsNoStack() throws {
        let count = 100_000
        let chain = (0..<count).map { ("n\($0)", $0 + 1 < count ? ["n\($0 + 1)"] : []) }
        #expect(try graph(chain).order()?.first == "n\(count - 1)")
        let ring = (0..<count).map { ("n\($0)", ["n\(($0 + 1) % count)"]) }
        #expect(try graph(ring).cycle()?.count == count)
    }
}
