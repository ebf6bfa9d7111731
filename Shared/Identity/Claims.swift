public import Models

/// What a token says of its bearer.
public struct Claims: Sendable, Hashable {
    /// `sub`: for the suite's own tokens a user's id, or whatever name the operator chose.
    public var subject: String
    public var name: String?
    /// The role in `workspace`.
    public var role: Role?
    public var workspace: String
    /// Roles in further workspaces, by id.
    public var memberships: [String: Role]
    public var issuedAt: Timestamp?
    public var notBefore: Timestamp?
    public var expires: Timestamp
    /// `sid`: the sign-in that the token comes from; it dies with it.
    public var session: String?
    /// `jti`.
    public var id: String?
    /// The configured name of the outside issuer that signed it; nil for the suite itself.
    public var issuerName: String?

    public init(
        subject: String, name: String? = nil, role: Role? = nil, workspace: String = "default", memberships: [String: Role] = [:],
        issuedAt: Timestamp? = nil, notBefore: Timestamp? = nil, expires: Timestamp, session: String? = nil, id: String? = nil,
        issuerName: String? = nil
    ) {
        self.subject = subject
        self.name = name
        self.role = role
        self.workspace = workspace
        self.memberships = memberships
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expires = expires
        self.session = session
        self.id = id
        self.issuerName = issuerName
    }

    /// The principal that these claims describe. An outside issuer's subjects are named after it, so that none can pass for a
    /// user of the suite.
    public var principal: Principal {
        var roles = memberships
        if let role { roles[workspace] = role }
        let id = issuerName.map { "\($0):\(subject)" } ?? subject
        return Principal(kind: .user, id: id, name: name ?? subject, homeWorkspace: workspace, memberships: roles)
    }

    /// Whether `now` lies in the token's time, with a leeway for clocks that differ.
    func isCurrent(at now: Timestamp, leewaySeconds: Double) -> Bool {
        guard now < expires.adding(seconds: leewaySeconds) else { return false }
        let latest = now.adding(seconds: leewaySeconds)
        if let notBefore, notBefore > latest { return false }
        if let issuedAt, issuedAt > latest { return false }
        return true
    }
}

extension Claims {
    /// Reads a verified payload; nil when a member is missing or of the wrong type, or issuer and audience are not the ones
    /// expected.
    init?(payload: JSONValue, issuer: String, audience: String, issuerName: String?) {
        guard payload["iss"] == .string(issuer), Claims.audiences(payload["aud"]).contains(audience),
            let subject = payload["sub"]?.string, !subject.isEmpty, subject.utf8.count <= Claims.textBytesMax,
            let expires = Claims.time(payload["exp"])
        else { return nil }
        self.init(subject: subject, expires: expires, issuerName: issuerName)
        do throws(WrongType) {
            name = try Claims.text(payload["name"])
            session = try Claims.text(payload["sid"])
            id = try Claims.text(payload["jti"])
            workspace = try Claims.text(payload["workspace"]) ?? "default"
            notBefore = try Claims.optionalTime(payload["nbf"])
            issuedAt = try Claims.optionalTime(payload["iat"])
            role = try payload["role"].map { value throws(WrongType) in try Claims.role(value) }
            guard let members = payload["memberships"] else { return }
            guard case .object(let members) = members else { throw WrongType() }
            for (workspace, role) in members { memberships[workspace] = try Claims.role(role) }
        } catch {
            return nil
        }
    }

    /// The payload to sign.
    func payload(issuer: String, audience: String) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "iss": .string(issuer), "aud": .string(audience), "sub": .string(subject), "workspace": .string(workspace),
            "exp": Claims.seconds(expires),
        ]
        members["name"] = name.map { .string($0) }
        members["role"] = role.map { .string($0.rawValue) }
        members["iat"] = issuedAt.map(Claims.seconds)
        members["nbf"] = notBefore.map(Claims.seconds)
        members["sid"] = session.map { .string($0) }
        members["jti"] = id.map { .string($0) }
        if !memberships.isEmpty { members["memberships"] = .object(memberships.mapValues { .string($0.rawValue) }) }
        return members
    }

    private struct WrongType: Error {}

    /// No text in a token is longer.
    private static let textBytesMax = 256
    /// 9999-12-31T23:59:59Z: later times are mistakes, and some would not fit.
    private static let secondsMax = 253_402_300_799.0

    private static func text(_ value: JSONValue?) throws(WrongType) -> String? {
        guard let value else { return nil }
        guard let text = value.string, text.utf8.count <= textBytesMax else { throw WrongType() }
        return text
    }

    private static func role(_ value: JSONValue) throws(WrongType) -> Role {
        guard let role = value.string.flatMap(Role.init(rawValue:)) else { throw WrongType() }
        return role
    }

    private static func optionalTime(_ value: JSONValue?) throws(WrongType) -> Timestamp? {
        guard let value else { return nil }
        guard let time = time(value) else { throw WrongType() }
        return time
    }

    /// A NumericDate (RFC 7519 §2): seconds since 1970, with or without a fraction.
    private static func time(_ value: JSONValue?) -> Timestamp? {
        let seconds: Double
        switch value {
        case .integer(let whole): seconds = Double(whole)
        case .number(let number): seconds = number
        default: return nil
        }
        guard (0...secondsMax).contains(seconds) else { return nil }
        return Timestamp(milliseconds: Int64(seconds * 1000))
    }

    private static func seconds(_ time: Timestamp) -> JSONValue {
        time.milliseconds % 1000 == 0 ? .integer(time.milliseconds / 1000) : .number(Double(time.milliseconds) / 1000)
    }

    /// One audience or a list of them (RFC 7519 §4.1.3).
    private static func audiences(_ value: JSONValue?) -> [String] {
        switch value {
        case .string(let audience): [audience]
        case .array(let audiences): audiences.compactMap(\.string)
        default: []
        }
    }
}
