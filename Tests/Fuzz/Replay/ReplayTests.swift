import FoundationEssentials
import Testing

/// The inputs that fuzzing has kept: each of them took a way through the code that no other takes.
@Suite struct ReplayTests {
    private static let corpus = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Corpus"

    private static func inputs(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        try FileManager.default.contentsOfDirectory(atPath: "\(corpus)/\(target.rawValue)").sorted().map { name in
            (name, Array(try Data(contentsOf: URL(filePath: "\(corpus)/\(target.rawValue)/\(name)"))))
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func whatFuzzingHasKeptStillHolds(_ target: FuzzTarget) throws {
        let inputs = try Self.inputs(of: target)
        #expect(inputs.count >= 10)
        for (name, bytes) in inputs {
            do {
                try target.run(bytes)
            } catch {
                Issue.record("\(target.rawValue)/\(name): \(error)")
            }
        }
    }

    @Test func everyFolderOfTheCorpusHasItsTargetAndStaysSmall() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus)
        #expect(Set(folders) == Set(FuzzTarget.allCases.map(\.rawValue)))
        for target in FuzzTarget.allCases {
            let inputs = try Self.inputs(of: target)
            #expect(inputs.count < 300, "\(target.rawValue)")
            #expect(inputs.reduce(0) { $0 + $1.bytes.count } < 200_000, "\(target.rawValue)")
        }
    }
}
