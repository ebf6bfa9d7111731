import HTTP
import Models
import SuiteTesting
import Synchronization
import Testing

/// Numbers of a crew's issues while the suite is killed again and again.
@Suite(.serialized) struct CrewsNumberingTests {
    static let creators = 64
    static let kills = 3

    @Test func numbersNeitherRepeatNorSkipAcrossKills() async throws {
        let reference = try await CrewsReferenceTests.reference()
        let acknowledged = Acknowledged()
        for _ in 0..<Self.kills {
            await withTaskGroup(of: Void.self) { group in
                for creator in 0..<Self.creators {
                    group.addTask {
                        // try?: the suite is killed in the middle of it.
                        while let answer = try? await reference.call(
                            .post, CrewsReferenceTests.issues, "{\"title\":\"by \(creator)\"}")
                        {
                            // try?: as just said, an answer may break off.
                            guard answer.status == 201, let number = try? answer.json()["number"]?.integer else { return }
                            if acknowledged.add(number) % 200 == 0 { return await reference.suite.kill() }
                        }
                    }
                }
            }
            try await reference.suite.restart()
        }
        let known = acknowledged.numbers
        var numbers: [Int64] = []
        while true {
            let page = try await reference.get("/api/v1/issues?limit=100&offset=\(numbers.count)&sort=created_at").items
            numbers += page.compactMap { $0["number"]?.integer }
            if page.count < 100 { break }
        }
        #expect(known.count >= Self.kills * 150)
        #expect(numbers.sorted() == (1...Int64(numbers.count)).map { $0 })
        #expect(Set(known).isSubset(of: numbers) && Set(known).count == known.count)
        await reference.suite.stop()
    }
}

/// The numbers that were told.
private final class Acknowledged: Sendable {
    private let known = Mutex<[Int64]>([])

    var numbers: [Int64] { known.withLock { $0 } }

    /// - Returns: how many there are.
    func add(_ number: Int64) -> Int {
        known.withLock { known in
            known.append(number)
            return known.count
        }
    }
}
