import HTTP
import Testing

@testable import Gateway

@Suite struct TrustedProxiesTests {
    private func client(_ headers: [(String, String)], peer: Peer = .tcp(address: "10.0.0.1", port: 1)) throws -> String? {
        let proxies = try #require(TrustedProxies("10.0.0.0/8, 2001:db8:1::/48,unix"))
        var request = Request(.get, "/")
        for (name, value) in headers { request.headers.add(name, value) }
        request.peer = peer
        guard case .tcp(let address, _)? = proxies.client(of: request) else { return nil }
        return address
    }

    @Test(arguments: [
        ("203.0.113.5", "203.0.113.5"), ("203.0.113.5:4711", "203.0.113.5"), ("198.51.100.1, 203.0.113.5", "203.0.113.5"),
        ("203.0.113.5, 10.1.1.1", "203.0.113.5"), ("203.0.113.5,2001:db8:1::2 , 10.1.1.1", "203.0.113.5"),
        ("10.1.1.1, 10.1.1.2", "10.1.1.1"), ("2001:db8:2::1", "2001:db8:2::1"), ("[2001:db8:2::1]:80", "2001:db8:2::1"),
        ("203.0.113.5, nonsense", "10.0.0.1"), ("nonsense, 10.1.1.1", "10.1.1.1"), ("", "10.0.0.1"),
    ])
    func theNearestThatIsNoProxyIsTheClient(said: String, meant: String) throws {
        #expect(try client([("X-Forwarded-For", said)]) == meant)
    }

    @Test(arguments: [
        ("for=203.0.113.5", "203.0.113.5"), ("For=\"203.0.113.5:80\";proto=https;by=10.0.0.1", "203.0.113.5"),
        ("proto=http;for=\"[2001:db8:2::1]:80\"", "2001:db8:2::1"), ("for=198.51.100.1, for=203.0.113.5", "203.0.113.5"),
        ("for=203.0.113.5;x=\"a,b;c\", for=10.1.1.1", "203.0.113.5"), ("for=unknown", "10.0.0.1"), ("for=_hidden", "10.0.0.1"),
        ("proto=https", "10.0.0.1"),
    ])
    func theStandardsHeaderIsRead(said: String, meant: String) throws {
        #expect(try client([("forwarded", said)]) == meant)
        #expect(try client([("x-forwarded-for", "192.0.2.77"), ("forwarded", said)]) == meant)
    }

    @Test func severalLinesAreOneList() throws {
        #expect(try client([("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.5, 10.1.1.1")]) == "203.0.113.5")
    }

    @Test func fromAnybodyElseItIsOnlyWhatTheySay() throws {
        #expect(try client([("x-forwarded-for", "203.0.113.5")], peer: .tcp(address: "192.0.2.1", port: 1)) == nil)
        #expect(try client([("x-forwarded-for", "203.0.113.5")], peer: .inProcess) == nil)
        #expect(try client([("x-forwarded-for", "203.0.113.5")], peer: .unix) == "203.0.113.5")
    }

    @Test func aListThatIsNoneIsRefused() {
        for bad in ["ten", "10.0.0.0/40", "10.0.0.0/8,x"] { #expect(TrustedProxies(bad) == nil, "\(bad)") }
    }
}
