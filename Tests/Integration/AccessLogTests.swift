import Glibc
import HTTP
import Models
import SuiteTesting
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The access log of a whole suite, in one process or in ten.
@Suite(.timeLimit(.minutes(2)))
struct AccessLogSuiteTests {
    private struct Line: Decodable {
        let path: String?
        let status: Int
    }

    private static func lines(_ path: String) throws -> [Line] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return try data.split(separator: 10).map { try JSON.decode(Line.self, from: Array($0)) }
    }

    @Test func sighupOpensTheLogAnewAndTheSuiteGoesOn() async throws {
        let suite = try await SuiteProcess()
        let token = try await suite.token()
        let path = suite.folder + "/log/access.log"
        #expect(try await suite.send(.get, "/agents-api", token: token).status == 200)
        while try !Self.lines(path).contains(where: { $0.path == "/agents-api" }) { await Task.yield() }
        rename(path, path + ".old")
        suite.signal(SIGHUP)
        // By then the signal has been taken: the file is there again.
        while !FileManager.default.fileExists(atPath: path) { await Task.yield() }
        #expect(try await suite.send(.get, "/tasks-api", token: token).status == 200)
        #expect(await suite.stop() == 0)
        #expect(try Self.lines(path).contains { $0.path == "/tasks-api" && $0.status == 200 })
        #expect(try Self.lines(path + ".old").contains { $0.path == "/agents-api" && $0.status == 200 })
    }

    @Test func theLogCanBeSwitchedOff() async throws {
        let suite = try await SuiteProcess(options: ["--access-log", "off"])
        #expect(try await suite.send(.get, "/healthz").status == 200)
        #expect(await suite.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: suite.folder + "/log/access.log"))
    }
}
