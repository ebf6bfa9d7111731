import HTTP
import Models
import Service
import Suite
import SuiteTesting
import Testing

@testable import Gateway

/// However a path is written, the route that a service takes is one that the gateway has let its caller take.
@Suite struct PathTrickTests {
    /// Ways to write another path, or the same one otherwise.
    static func tricks(on path: String) -> [String] {
        let segments = path.split(separator: "/").map(String.init)
        var tricks: [String] = []
        for ending in endings { tricks.append(path + ending) }
        for beginning in beginnings { tricks.append(beginning + path) }
        for index in segments.indices {
            func with(_ replacement: String) -> String {
                var changed = segments
                changed[index] = replacement
                return "/" + changed.joined(separator: "/")
            }
            let segment = segments[index]
            for inserted in insertions { tricks.append(with(inserted + "/" + segment)) }
            for ending in endings { tricks.append(with(segment + ending)) }
            for slash in slashes {
                let before = segments[...index].joined(separator: "/")
                let after = segments[(index + 1)...].joined(separator: "/")
                tricks.append("/" + before + slash + after)
                tricks.append(slash + segments.joined(separator: "/"))
            }
            tricks.append(with(segment.utf8.map { PercentCoding.encoded("\(UnicodeScalar($0))") { _ in false } }.joined()))
            tricks.append(with(segment.utf8.map { "%" + String($0, radix: 16) }.joined()))
            tricks.append(with(segment.utf8.map { "%25" + String($0, radix: 16) }.joined()))
            tricks.append(with("%00" + segment))
            tricks.append(with("%" + segment))
            tricks.append(with(segment.uppercased()))
            tricks.append(with(""))
        }
        return tricks
    }

    private static let insertions = [
        "", ".", "..", "x/..", "%2e", "%2E%2e", ".%2e", "..;", ".;a=b", "%2e%2e;", "..%00", "..%2f", "..%5c", "..\\",
        "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "%252e%252e", "..%20", "%20", "%09", "...", "%u002e%u002e", "internal",
    ]
    private static let slashes = [
        "%2f", "%2F", "%5c", "%5C", "\\", "%252f", "%c0%af", "%e0%80%af", "%ef%bc%8f", "%e2%88%95", ";/", "/;/", "\t/", "%u2215",
    ]
    private static let endings = [
        "/", "//", "/.", "/..", "/%2e", "/%2e%2e", "%2f", "%2f..", ";", ";a=b", ";/", ".", "..", "%2e", "%00", "%00/x", "%0a",
        "%0d%0a", "%20", "%09", "%7f", "%ff", "%c0%80", "%", "%2", "%zz", "~", "*", "?", "?/..", "?x=/../y", "%3f", "%23", "#",
        "#/../x", ".json", "/internal/events",
    ]
    private static let beginnings = [
        "/", "//host", "/.", "/./.", "/..", "/%2e", "/%2e%2e", "/x/..", "/internal/..", "/auth/login/..", "/webhooks-api/ci/..",
        "/webhooks-api/ci/..;", "/webhooks-api/ci%2f..", "/webhooks-api/ci\\..", "/webhooks-api/ci/%2e%2e/..", "/healthz/..",
        "http://host", "%2f", "\\", ";", "/;", "/%00", "/%20", "*",
    ]

    @Test func noWayToWriteAPathChangesWhoMayTakeItsRoute() async throws {
        let bench = try await TestBench(EmbeddedSuite.services)
        let gateway = GatewayTable.router { _, _, owner in owner }
        var found = 0
        var refused = 0
        for (name, host) in bench.hosts {
            for route in host.table where !route.pattern.hasPrefix("/internal/") {
                let path = Self.path(of: route.pattern)
                #expect(host.pattern(of: Request(route.method, path)) == route.pattern)
                for trick in Self.tricks(on: path) {
                    let request = Request(route.method, trick)
                    guard case .found(let passed, _) = gateway.match(request.method, request.path) else {
                        refused += 1
                        continue
                    }
                    found += 1
                    let service = Self.service(of: passed)
                    guard let taken = bench.hosts[service]?.pattern(of: request) else { continue }
                    #expect(!taken.hasPrefix("/internal"), "\(trick) reaches \(taken) of \(service.rawValue)")
                    guard case .found(let proper, _) = gateway.match(request.method, Array(Self.path(of: taken).utf8)[...]) else {
                        Issue.record("\(trick) reaches \(taken), which the gateway does not pass on")
                        continue
                    }
                    #expect(proper == passed, "\(trick) reaches \(taken) as \(passed)")
                    // Beside a parameter, another word is another id; the service authorises what it has matched.
                    if service == name && taken == route.pattern || taken.contains("{") { continue }
                    #expect(Self.isPlain(trick), "\(trick) for \(path) reaches \(taken) of \(service.rawValue)")
                }
            }
        }
        #expect(found > 1_000)
        #expect(refused > 10_000)
        await bench.stop()
    }

    @Test func theGatewaysOwnRoutesAreReachedByTheirOwnPathsAlone() {
        let gateway = GatewayTable.router { _, _, owner in owner }
        for path in ["/auth/login", "/auth/users", "/healthz", "/readyz", "/api-docs/openapi.json", "/", "/internal/events"] {
            // What begins with a service's own words is that service's, whatever follows.
            for trick in [path] + Self.tricks(on: path) where !Self.isPlain(trick) && !trick.hasPrefix("/webhooks-api/") {
                guard case .found(let passed, _) = gateway.match(.get, Request(.get, trick).path) else { continue }
                Issue.record("\(trick) is passed on to \(passed)")
            }
        }
    }

    /// Another path for every reader, and no trick: letters of another case, a segment more or less, a query.
    private static func isPlain(_ path: String) -> Bool {
        let raw = path.prefix { $0 != "?" }
        let isOrdinary = raw.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"): true
            default: false
            }
        }
        return isOrdinary && !raw.contains("//")
    }

    private static func service(of owner: GatewayTable.Owner) -> ServiceName {
        switch owner {
        case .service(let name), .signed(let name): name
        }
    }

    /// The pattern with something in the place of its parameters.
    private static func path(of pattern: String) -> String {
        pattern.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("{") ? "nothing" : String($0) }.joined(separator: "/")
    }
}
