import HTTP
import Identity
import Models
import Service

/// Signing in and out, and saying who one is.
struct SignInHandlers: Sendable {
    let accounts: Accounts
    /// Browsers come over HTTPS: the session's cookie is for nothing else.
    let isSecure: Bool
    /// How often one address may try.
    let rate: LoginRate

    /// A sign-in's answer, with its cookie when one was asked for.
    struct Issued: Answer {
        let signedIn: Identity.Authenticator.SignedIn
        let isSecure: Bool

        static var description: AnswerDescription { AnswerDescription(200, .json(SignedInAnswer.self)) }

        func response(to call: Call) throws -> Response {
            var response = Response.json(
                try JSON.encode(
                    SignedInAnswer(
                        accessToken: signedIn.accessToken, tokenType: "Bearer", expiresIn: signedIn.expiresInSeconds,
                        refreshToken: signedIn.refreshToken, csrfToken: signedIn.csrfToken)))
            response.headers.add("cache-control", "no-store".utf8)
            if let cookie = signedIn.sessionCookie {
                let seconds = Int(Identity.Authenticator.cookieSeconds)
                response.headers.add("set-cookie", SignInHandlers.sessionCookie(cookie, seconds: seconds, isSecure).utf8)
            }
            return response
        }
    }

    /// 204 that also takes the session's cookie away.
    struct SignedOut: Answer {
        let isSecure: Bool

        static var description: AnswerDescription { AnswerDescription(204, .none) }

        func response(to call: Call) -> Response {
            var response = Response(.noContent)
            response.headers.add("set-cookie", SignInHandlers.sessionCookie("", seconds: 0, isSecure).utf8)
            return response
        }
    }

    private static func sessionCookie(_ value: String, seconds: Int, _ isSecure: Bool) -> String {
        "nexus_session=\(value); Path=/; HttpOnly; SameSite=Strict; Max-Age=\(seconds)\(isSecure ? "; Secure" : "")"
    }

    func login(_ call: Call, body: SignIn) async throws -> Issued {
        try rate.take(call.request.peer)
        return Issued(
            signedIn: try await accounts.authenticator.signIn(
                username: body.username, password: body.password, withSession: body.session ?? false,
                address: call.request.peer.throttleKey, now: call.now),
            isSecure: isSecure)
    }

    func refresh(_ call: Call, body: RefreshRequest) async throws -> Issued {
        try rate.take(call.request.peer)
        return Issued(
            signedIn: try await accounts.authenticator.refresh(
                body.refreshToken, address: call.request.peer.throttleKey, now: call.now),
            isSecure: isSecure)
    }

    func logout(_ call: Call, body: SignOutRequest) async throws -> SignedOut {
        let headers = call.request.headers
        let credential = Credential.from(
            authorization: headers.value("authorization"), apiKeyHeader: headers.value("x-nexus-api-key"),
            cookie: headers.value("cookie"))
        try await accounts.authenticator.signOut(refreshToken: body.refreshToken, credential: credential, now: call.now)
        return SignedOut(isSecure: isSecure)
    }

    func me(_ call: Call) -> Reply<Me> {
        let principal = call.principal
        return Reply(
            Me(
                kind: principal.kind, id: principal.id, name: principal.name, role: principal.role(in: call.workspace),
                scopes: principal.scopes?.sorted { $0.rawValue < $1.rawValue }, workspaceID: call.workspace,
                workspaces: principal.memberships.sorted { $0.key < $1.key }.map {
                    Membership(workspaceID: $0.key, role: $0.value)
                },
                runID: principal.run?.runID))
    }
}
