import Glibc
import Loops
import Models
import Processes
import SuiteTesting
import Testing

/// The suite as its users have it, over TLS: from outside by curl and openssl, inside by its own programs.
@Suite(.serialized) struct TLSSuiteTests {
    let folder = TestBench.makeFolder()
    let authority: TestAuthority
    let identity: TestAuthority.Identity

    init() throws {
        authority = try TestAuthority("authority", in: folder)
        identity = try authority.issue("nexus.test")
    }

    private var options: [String] { ["--tls-cert", identity.certificateFile, "--tls-key", identity.keyFile] }

    /// Runs a command in a shell with `$URL`, `$PORT` and `$CA` set.
    private func shell(_ script: String, _ suite: SuiteProcess) async throws -> Finished {
        let port = suite.url.split(separator: ":").last.map(String.init) ?? ""
        let environment = [
            "PATH": getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin", "URL": suite.url, "PORT": port,
            "CA": authority.certificateFile, "DIR": folder,
        ]
        return try await suite.onLoop { try await Subprocess.run(Command("sh", ["-c", script], environment: environment)) }
    }

    @Test func aRunReportsBackWhileClientsMustShowACertificate() async throws {
        _ = try authority.issue("robot", for: .client)
        let suite = try await SuiteProcess(
            options: options + ["--tls-client-ca", authority.certificateFile])
        #expect(suite.url.hasPrefix("https://127.0.0.1:"))
        let work = try await Workplace(suite)
        let goal = try await work.goal("- [ ] Say\n  ```sh\n  echo hello; echo $NEXUS_URL\n  ```")
        try await work.approve(goal)
        let task = try await work.task("Say", of: goal) { $0.status == .completed }
        #expect(task.status == .completed)
        let lines = try await work.lines(of: try #require(task.runID), query: "")
        #expect(lines.contains { $0.text == "hello" })

        let stranger = try await shell("curl -sS --cacert $CA $URL/healthz", suite)
        #expect(stranger.exit.code != 0, "\(stranger.outputText)")
        let known = try await shell(
            "curl -sS --cacert $CA --cert $DIR/robot.pem --key $DIR/robot.key -H 'Authorization: Bearer \(work.token)' "
                + "$URL/tasks-api $URL/auth/me -o /dev/null -o /dev/null -w '%{http_code} %{num_connects}\\n'", suite)
        #expect(known.outputText == "200 1\n200 0\n", "\(known.errorText)")
        await suite.stop()
        let log = try await shell("cat \(suite.folder)/log/access.log", suite)
        #expect(log.outputText.contains(#""client_certificate":"CN=robot""#))
    }

    @Test func aRenewedCertificateIsTakenOnSIGHUPAndABadOneIsNot() async throws {
        let suite = try await SuiteProcess(options: options)
        let serial = "openssl s_client -connect 127.0.0.1:$PORT </dev/null 2>/dev/null | openssl x509 -noout -serial"
        #expect(try await shell(serial, suite).outputText == "serial=\(identity.serial)\n")
        // A client that asks again and again on one connection, from before to after.
        async let steady = shell(
            "curl -sS --cacert $CA --rate 100/s \"$URL/healthz?[1-400]\" -o /dev/null "
                + "-w '%{http_code} %{num_connects}\\n' | sort | uniq -c",
            suite)
        let renewed = try authority.issue("nexus.test", file: "renewed")
        try TestAuthority.replace(identity, by: renewed)
        kill(suite.pid, SIGHUP)
        while try await shell(serial, suite).outputText != "serial=\(renewed.serial)\n" { await Task.yield() }
        let words = try await steady.outputText.split { $0 == " " || $0 == "\n" }
        #expect(words == ["399", "200", "0", "1", "200", "1"])

        unlink(identity.keyFile)
        kill(suite.pid, SIGHUP)
        #expect(try await shell(serial, suite).outputText == "serial=\(renewed.serial)\n")
        #expect(try await shell("curl -sS --cacert $CA $URL/healthz", suite).exit.isSuccess)
        await suite.stop()
    }

    @Test func whatOpenSSLAndCurlSeeIsWhatIsPromised() async throws {
        let suite = try await SuiteProcess(options: options)
        let connect = "openssl s_client -connect 127.0.0.1:$PORT -CAfile $CA -verify_return_error"
        for (arguments, isAccepted) in [
            ("-tls1_1 -cipher DEFAULT@SECLEVEL=0", false), ("-tls1 -cipher DEFAULT@SECLEVEL=0", false), ("-tls1_2", true),
            ("-tls1_3", true), ("-tls1_2 -cipher AES128-SHA", false), ("-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA", false),
            ("-alpn h2", false), ("-alpn h2,http/1.1", true),
        ] {
            let tried = try await shell("\(connect) \(arguments) </dev/null", suite)
            #expect(tried.exit.isSuccess == isAccepted, "\(arguments): \(tried.outputText.suffix(300)) \(tried.errorText)")
        }
        for version in ["-tls1_2", "-tls1_3"] {
            let resumed = try await shell(
                "(printf 'GET /healthz HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'; cat) | "
                    + "\(connect) \(version) -ign_eof -sess_out $DIR/session >/dev/null 2>&1; "
                    + "\(connect) \(version) -sess_in $DIR/session </dev/null", suite)
            #expect(resumed.outputText.contains("Reused, TLSv1"), "\(version): \(resumed.outputText) \(resumed.errorText)")
        }
        let plain = try await shell("curl -sS -i http://127.0.0.1:$PORT/", suite)
        #expect(plain.outputText.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(plain.outputText.hasSuffix("This port speaks HTTPS: use https://\n"))
        let page = try await shell("curl -sS -i --cacert $CA $URL/", suite)
        #expect(page.outputText.lowercased().contains("strict-transport-security: max-age=31536000\r\n"))
        await suite.stop()
    }

    @Test func theSessionsCookieIsForHTTPSOnly() async throws {
        let suite = try await SuiteProcess(options: options)
        let token = try await suite.token(role: .owner)
        let made = try await suite.send(
            .post, "/auth/users", json: #"{"username":"ann","password":"a long enough password","role":"viewer"}"#, token: token)
        #expect(made.status == 201, "\(made.text)")
        let login = try await shell(
            "curl -sS -i --cacert $CA $URL/auth/login "
                + "-d '{\"username\":\"ann\",\"password\":\"a long enough password\",\"session\":true}'",
            suite)
        #expect(login.outputText.contains("HttpOnly; SameSite=Strict"), "\(login.outputText)")
        #expect(login.outputText.contains("; Secure\r\n"))
        await suite.stop()
    }

    @Test func optionsThatDoNotFitAreRefusedByName() async throws {
        let loops = try EventLoopGroup(count: 1)
        defer { loops.shutdown() }
        for (options, complaint) in [
            (["--tls-cert", identity.certificateFile], "--tls-key"), (["--tls-key", identity.keyFile], "--tls-cert"),
            (options + ["--tls-client-auth", "perhaps"], "--tls-client-auth"),
            (["--tls-cert", "/nowhere.pem", "--tls-key", identity.keyFile], "/nowhere.pem"),
            (["--cors-origins", "app.example.com"], "--cors-origins"),
        ] {
            let command = Command(
                "\(SuiteProcess.programs)/nexus", ["up", "--data", folder, "--port", "0"] + options, environment: [:])
            let finished = try await loops.loops[0].task { try await Subprocess.run(command) }.value
            #expect(!finished.exit.isSuccess)
            #expect(finished.errorText.contains(complaint), "\(finished.errorText)")
        }
    }
}
