import Gateway
import HTTP
import Identity
import Models
import Service
import Suite
import SuiteTesting
import Testing

/// Whatever route a service gains: it refuses who may not call it, the gateway knows it, and the document shows it.
@Suite struct RouteCoverageTests {
    @Test func everyRouteRefusesWhoHasNoCredentialAndWhoseRoleIsTooLow() async throws {
        let bench = try await TestBench(EmbeddedSuite.services)
        for (name, host) in bench.hosts {
            for route in host.table where !route.access.isOpen {
                let target = Self.path(of: route)
                let nobody = try await bench.send(name, route.method, target, as: nil)
                #expect(nobody.status == 401, "\(route.method.name) \(route.pattern) without a credential: \(nobody.status)")
                guard let least = route.access.minimum, let lower = Role.allCases.last(where: { $0 < least }) else { continue }
                let low = try await bench.send(name, route.method, target, as: TestBench.user(lower))
                #expect(low.status == 403, "\(route.method.name) \(route.pattern) as \(lower): \(low.status)")
            }
        }
        await bench.stop()
    }

    @Test func everyReportRouteRefusesOperators() async throws {
        let bench = try await TestBench(EmbeddedSuite.services)
        for (name, host) in bench.hosts {
            for route in host.table where route.access == .agent || route.access == .service {
                let answer = try await bench.send(name, route.method, Self.path(of: route))
                #expect(answer.status == 403, "\(route.method.name) \(route.pattern): \(answer.status)")
            }
        }
        await bench.stop()
    }

    @Test func everyRouteIsInTheGatewaysTable() async throws {
        let bench = try await TestBench(EmbeddedSuite.services)
        for (name, host) in bench.hosts {
            for route in host.table where !route.pattern.hasPrefix("/internal/") {
                #expect(
                    GatewayTable.owner(of: route.method, Self.path(of: route)) == name,
                    "\(route.method.name) \(route.pattern) is not passed on to \(name.rawValue)")
            }
        }
        await bench.stop()
    }

    @Test func everyRouteIsInTheDocument() async throws {
        let bench = try await TestBench(EmbeddedSuite.services)
        for (name, host) in bench.hosts {
            let document = try await bench.send(name, .get, "/api-docs/openapi.json").json()
            for route in host.table where !route.pattern.hasPrefix("/internal/") {
                let path = route.pattern.replacing("...}", with: "}")
                let operation = document["paths"]?[path]?["\(route.method.name)".lowercased()]
                #expect(operation != nil, "\(route.method.name) \(path) has no entry")
                #expect(operation?["summary"]?.string?.isEmpty == false)
            }
        }
        await bench.stop()
    }

    /// The pattern with something in the place of its parameters.
    private static func path(of route: Route) -> String {
        route.pattern.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("{") ? "nothing" : String($0) }.joined(separator: "/")
    }
}
