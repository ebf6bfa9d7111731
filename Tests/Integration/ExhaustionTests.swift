import HTTP
import Loops
import SuiteTesting
import Testing

/// A suite that runs out of something refuses, and recovers by itself.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ExhaustionTests {
    @Test func withoutADescriptorLeftConnectionsAreRefusedAndThenTakenAgain() async throws {
        // More connections than descriptors, so that these run out first.
        let suite = try await SuiteProcess(separate: false, options: ["--connections-max", "5000"], openFilesMax: 300)
        let token = try await suite.token()
        #expect(try await suite.send(.get, "/agents-api", token: token).status == 200)
        try await suite.onLoop { [address = suite.address] in
            var held: [Channel] = []
            defer { for channel in held { channel.close() } }
            for _ in 0..<600 {
                let channel = try await Channel.connect(to: address, .seconds(10))
                // Under way, so that it does not make room.
                try await channel.writeAll(Array("GET / HTTP/1.1\r\n".utf8))
                held.append(channel)
            }
            while !held.contains(where: { $0.isPeerShutDown || $0.isHungUp }) {
                // Between two looks.
                try await EventLoop.sleep(for: .milliseconds(10))
            }
        }
        let start = ContinuousClock.now
        let answer = try await suite.patiently(.get, "/healthz") { $0.status == 200 }
        #expect(answer?.status == 200)
        #expect(start.duration(to: .now) < .seconds(5))
        #expect(try await suite.send(.get, "/agents-api", token: token).status == 200)
        await suite.stop()
    }

    @Test func nearTheLimitOfConnectionsIdleOnesMakeRoom() async throws {
        let suite = try await SuiteProcess(separate: false, options: ["--connections-max", "40"])
        try await suite.onLoop { [address = suite.address] in
            var held: [Channel] = []
            defer { for channel in held { channel.close() } }
            for _ in 0..<200 {
                let channel = try await Channel.connect(to: address, .seconds(10))
                held.append(channel)
                try await channel.writeAll(Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                let answer = try await channel.readSome(upTo: 4096, .seconds(10))
                #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
                // Those that are told to close have a moment for it, as between people's requests.
                while held.count(where: { $0.isOpen && !$0.isPeerShutDown }) > 38 {
                    // Between two looks.
                    try await EventLoop.sleep(for: .milliseconds(1))
                }
            }
            #expect(held[0].isPeerShutDown)
        }
        await suite.stop()
    }
}
