import Identity
import Models
import Testing

@Suite struct AccessTests {
    static let routes: [Access] = [
        .open, .viewer, .editor, .manager, .admin, .owner, .agent, .service, .authenticated, .viewer.orAgent, .editor.orAgent,
        .manager.orAgent,
    ]

    /// What a caller gets from each of `routes`, in their order: 2 for let in, 1 for 401, 3 for 403.
    static let matrix: [(caller: String, principal: Principal?, answers: String)] = [
        ("nobody", nil, "2 11111 1 1 1 111"),
        ("viewer", user(.viewer), "2 23333 3 3 2 233"),
        ("editor", user(.editor), "2 22333 3 3 2 223"),
        ("manager", user(.manager), "2 22233 3 3 2 222"),
        ("admin", user(.admin), "2 22223 3 3 2 222"),
        ("owner", user(.owner), "2 22222 3 3 2 222"),
        ("owner elsewhere", user(.owner, in: "ws_other"), "2 33333 3 3 2 333"),
        ("manager's key", key(.manager, nil), "2 22233 3 3 2 222"),
        ("agent", agent(), "2 33333 2 3 2 222"),
        ("agent elsewhere", agent(in: "ws_other"), "2 33333 3 3 3 333"),
        ("agent whose run ended", agent(ended: true), "2 33333 2 3 1 111"),
        ("agent without a run", Principal(kind: .agent, id: "a", name: "a", homeWorkspace: "ws"), "2 11111 1 1 1 111"),
        ("a service", .service("tasks"), "2 22222 3 2 2 222"),
    ]

    static func user(_ role: Role, in workspace: String = "ws") -> Principal {
        Principal(kind: .user, id: "u", name: "u", homeWorkspace: workspace, memberships: [workspace: role])
    }

    static func key(_ role: Role, _ scopes: Set<Scope>?) -> Principal {
        Principal(kind: .apiKey, id: "k", name: "k", homeWorkspace: "ws", memberships: ["ws": role], scopes: scopes)
    }

    static func agent(in workspace: String = "ws", ended: Bool = false) -> Principal {
        .agent(name: "a", run: RunBinding(runID: "r", attempt: 1, agentID: "a", taskID: "t", workspace: workspace, ended: ended))
    }

    static func answer(_ access: Access, _ principal: Principal?, isWrite: Bool = true, service: ServiceName? = .runs) -> UInt16 {
        do throws(ServiceError) {
            try access.check(principal, workspace: "ws", isWrite: isWrite, service: service)
            return 200
        } catch {
            return error.kind.status
        }
    }

    @Test(arguments: matrix.indices) func everyCallerGetsWhatTheTableSays(_ row: Int) {
        let (caller, principal, answers) = Self.matrix[row]
        let expected = answers.filter { $0 != " " }
        #expect(expected.count == Self.routes.count)
        for (route, digit) in zip(Self.routes, expected) {
            let status: UInt16 = digit == "2" ? 200 : digit == "1" ? 401 : 403
            for isWrite in [false, true] {
                #expect(Self.answer(route, principal, isWrite: isWrite) == status, "\(caller) on \(route), isWrite \(isWrite)")
            }
        }
    }

    @Test func aLimitedKeyReachesItsServicesAlone() {
        let reads = Self.key(.owner, [Scope(.runs, .read)])
        let writes = Self.key(.owner, [Scope(.runs, .write)])
        #expect(Self.answer(.manager, reads, isWrite: false) == 200)
        #expect(Self.answer(.manager, reads, isWrite: true) == 403)
        #expect(Self.answer(.manager, writes, isWrite: false) == 200)
        #expect(Self.answer(.manager, writes, isWrite: true) == 200)
        #expect(Self.answer(.viewer, writes, isWrite: false, service: .tasks) == 403)
        #expect(Self.answer(.viewer, Self.key(.owner, []), isWrite: false) == 403)
    }

    @Test func aScopeDoesNotRaiseARole() {
        #expect(Self.answer(.manager, Self.key(.viewer, [Scope(.runs, .write)])) == 403)
    }

    @Test func aLimitedKeyMayNotCallTheGatewaysOwnRoutesButMayAskWhoItIs() {
        let limited = Self.key(.owner, Set(Scope.all))
        #expect(Self.answer(.admin, limited, service: nil) == 403)
        #expect(Self.answer(.viewer, limited, isWrite: false, service: nil) == 403)
        #expect(Self.answer(.authenticated, limited, isWrite: false, service: nil) == 200)
        #expect(Self.answer(.admin, Self.key(.admin, nil), service: nil) == 200)
    }

    @Test func aSearchByPostIsARead() {
        #expect(Self.answer(.viewer, Self.key(.viewer, [Scope(.runs, .read)]), isWrite: true) == 200)
    }

    @Test func aTooLowRoleIsSaidBeforeTheScope() throws {
        let error = #expect(throws: ServiceError.self) {
            try Access.manager.check(Self.key(.viewer, []), workspace: "ws", isWrite: true, service: .runs)
        }
        #expect(error?.message.contains("role") == true)
    }

    @Test func scopesReadAndWriteAsTheirText() throws {
        for scope in Scope.all { #expect(Scope(rawValue: scope.rawValue) == scope) }
        #expect(Scope(.runs, .write).rawValue == "runs:write")
        for text in [
            "", "runs", "runs:", ":write", "runs:admin", "Runs:write", "runs:write ", "runs:write:x", "*:read", "gateway:read",
        ] {
            #expect(Scope(rawValue: text) == nil, "\(text)")
        }
        #expect(try Scope.list(["runs:write", "runs:write", "tasks:read"]) == [Scope(.runs, .write), Scope(.tasks, .read)])
        let error = #expect(throws: ServiceError.self) { try Scope.list(["runs:write", "nonsense"]) }
        #expect(error?.field == "scopes")
        #expect(Scope(.runs, .write).covers(Scope(.runs, .read)))
        #expect(!Scope(.runs, .read).covers(Scope(.runs, .write)))
    }

    @Test func aWorkspaceIsAskedForByIdOrSlug() {
        var principal = Self.user(.viewer)
        principal.workspaceSlugs = ["acme": "ws"]
        principal.homeWorkspace = "home"
        #expect(principal.workspace(asked: nil) == "home")
        #expect(principal.workspace(asked: "") == "home")
        #expect(principal.workspace(asked: "ws") == "ws")
        #expect(principal.workspace(asked: "acme") == "ws")
        #expect(principal.workspace(asked: "other") == "other")
    }
}
