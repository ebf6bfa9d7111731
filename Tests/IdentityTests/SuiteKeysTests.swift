import FoundationEssentials
import Glibc
import Identity
import Models
import Testing

@Suite struct SuiteKeysTests {
    private func all(_ keys: SuiteKeys) -> [[UInt8]] { [keys.jwt, keys.assertion, keys.encryption, keys.csrf] }

    @Test func theFirstStartMakesThemAndTheSecondFindsThem() throws {
        let folder = TemporaryFolder()
        let data = folder.path + "/data/deeper"
        let first = try SuiteKeys.load(orCreateIn: data)
        #expect(Set(all(first)).count == 4 && all(first).allSatisfy { $0.count == 32 })
        #expect(all(try SuiteKeys.load(orCreateIn: data)) == all(first))
        let files = try FileManager.default.contentsOfDirectory(atPath: data + "/keys").sorted()
        #expect(files == ["assertion.key", "csrf.key", "encryption.key", "jwt.key"])
        for file in files {
            var status = stat()
            #expect(stat("\(data)/keys/\(file)", &status) == 0 && status.st_mode & 0o777 == 0o600)
        }
        withExtendedLifetime(folder) {}
    }

    @Test func manyWhoStartAtOnceGetTheSame() async throws {
        let folder = TemporaryFolder()
        let found = try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
            for _ in 0..<32 {
                let path = folder.path
                group.addTask { all(try SuiteKeys.load(orCreateIn: path)) }
            }
            return try await group.reduce(into: Set<[[UInt8]]>()) { $0.insert($1) }
        }
        #expect(found.count == 1)
        withExtendedLifetime(folder) {}
    }

    @Test func aDamagedOrOpenKeyStopsTheStart() throws {
        for damage in ["", "short", "!!!!", String(repeating: "A", count: 44)] {
            let folder = TemporaryFolder()
            _ = try SuiteKeys.load(orCreateIn: folder.path)
            let path = folder.path + "/keys/jwt.key"
            try Data(damage.utf8).write(to: URL(filePath: path))
            chmod(path, 0o600)
            let error = #expect(throws: ServiceError.self) { try SuiteKeys.load(orCreateIn: folder.path) }
            #expect(error?.cause?.contains("jwt.key") == true)
        }
        let folder = TemporaryFolder()
        _ = try SuiteKeys.load(orCreateIn: folder.path)
        chmod(folder.path + "/keys/assertion.key", 0o644)
        let error = #expect(throws: ServiceError.self) { try SuiteKeys.load(orCreateIn: folder.path) }
        #expect(error?.cause?.contains("chmod 600") == true)
    }

    @Test func aSessionsWritesNeedItsOwnToken() throws {
        let csrf = CSRF(key: SuiteKeys.ephemeral().csrf)
        let session = Credential(.session, "abc".slice)
        let token = csrf.token(for: session.token)
        #expect(throws: Never.self) { try csrf.check(session, header: token.slice, isWrite: true) }
        #expect(throws: Never.self) { try csrf.check(session, header: nil, isWrite: false) }
        #expect(throws: Never.self) { try csrf.check(Credential(bearer: "nxk_x"), header: nil, isWrite: true) }
        for bad in [nil, "", "x", token + "x", csrf.token(for: "abd".utf8)] {
            let error = #expect(throws: ServiceError.self) { try csrf.check(session, header: bad?.slice, isWrite: true) }
            #expect(error?.kind == .forbidden)
        }
    }
}
