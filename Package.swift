// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled in Swift 6 mode, and a warning is an error.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// For what runs between every request's bytes: an async function stays on its caller's executor and does not look it up anew,
/// and a release build leaves out the dynamic exclusivity checks (debug builds and tests keep them): what they guard is confined
/// to one thread. Together they were a third of a proxied request's instructions.
let hot: [SwiftSetting] =
    strict + [
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    ]

/// A C library of the distribution.
func system(_ name: String, _ pkgConfig: String, apt package: String) -> Target {
    .systemLibrary(name: name, path: "Shared/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// A library that the services share, in `Shared/<name>`.
func shared(_ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = strict) -> Target {
    .target(name: name, dependencies: dependencies, path: "Shared/\(name)", exclude: ["README.md"], swiftSettings: settings)
}

/// One of the nine services: a library in `Services/<name>`, its thin executable in `Services/<name>/Main`; `separate` names
/// folders that are targets of their own.
func service(_ name: String, _ dependencies: [Target.Dependency] = [], separate: [String] = []) -> [Target] {
    [
        .target(
            name: name, dependencies: ["Models", "HTTP", "Storage", "Identity", "Events", "Service"] + dependencies,
            path: "Services/\(name)", exclude: ["Main"] + separate, swiftSettings: strict),
        main("\(name.lowercased())-api", at: "Services/\(name)/Main", [.target(name: name), "Service"]),
    ]
}

/// An executable of about twenty lines.
func main(_ name: String, at path: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

/// The tests of one library, in `Tests/<name>`.
func tests(_ name: String, of dependencies: [Target.Dependency], resources: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: resources, swiftSettings: strict)
}

/// `NEXUS_FUZZ=1` makes the fuzzer of the entries in `Tests/Fuzz`, which is built with sanitizers (`Tests/Fuzz/run`); otherwise
/// the same entries are tests, which replay what the fuzzer has kept.
let isFuzzing = Context.environment["NEXUS_FUZZ"] == "1"
let fuzzed: [Target.Dependency] = ["HTTP", "Hostile", "Models", "Storage", "Identity", "Planner", "Skills"]
let fuzzing: Target =
    isFuzzing
    ? .executableTarget(
        name: "nexus-fuzz", dependencies: fuzzed, path: "Tests/Fuzz", exclude: ["Corpus", "Replay", "run"], swiftSettings: strict)
    : .testTarget(
        name: "FuzzTests", dependencies: fuzzed, path: "Tests/Fuzz", exclude: ["Corpus", "Driver", "run"], swiftSettings: strict)

/// The nine, a line each.
let services: [Target] = [
    service("Agents"),
    service("Skills"),
    service("Memory", ["Loops"]),
    service("Webhooks", ["Loops", "Client"]),
    service("Board"),
    service("Approvals", ["Loops"]),
    service("Goals", ["Planner"], separate: ["Planner"]),
    service("Tasks"),
    service("Runs", ["Loops", "Processes", "CSystem"]),
].flatMap { $0 }

let package = Package(
    name: "nexus",
    targets: [
        .target(name: "CSystem", path: "Shared/CSystem"),
        system("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
        system("CCurl", "libcurl", apt: "libcurl4-openssl-dev"),
        system("COpenSSL", "libcrypto", apt: "libssl-dev"),

        shared("JSONCoding", [], hot),
        shared("Models", ["JSONCoding"]),
        shared("Loops", ["CSystem", "COpenSSL"], hot),
        shared("HTTP", ["JSONCoding", "Loops", "CSystem", "COpenSSL"], hot),
        shared("Client", ["Loops", "HTTP", "CCurl", "CSystem"]),
        shared("Storage", ["JSONCoding", "Models", "CSQLite", "CSystem"]),
        shared("Identity", ["Models", "Storage", "COpenSSL"]),
        shared("Events", ["JSONCoding", "Models", "HTTP", "Storage", "Loops"]),
        shared("Service", ["Models", "Loops", "HTTP", "Storage", "Identity", "Events", "Client", "CSystem"], hot),
        shared("Processes", ["Loops", "CSystem"]),
        .target(
            name: "Runner", dependencies: ["Models", "Loops", "HTTP", "Client", "Processes"], path: "Services/Runner",
            exclude: ["Main"], swiftSettings: strict),
        main("nexus-agent-runner", at: "Services/Runner/Main", ["Runner", "Client", "Loops", "CSystem"]),
        .target(name: "Planner", dependencies: ["Models"], path: "Services/Goals/Planner", swiftSettings: strict),
        // The library of `Shared/Testing`; plain `Testing` is the toolchain's own test framework.
        .target(
            name: "SuiteTesting", dependencies: ["Service", "Processes", "COpenSSL"], path: "Shared/Testing",
            exclude: ["README.md"],
            swiftSettings: strict
        ),

        .target(
            name: "Gateway", dependencies: ["Models", "Loops", "HTTP", "Storage", "Identity", "Events", "Service"],
            path: "gateway",
            exclude: ["Main", "CLI", "Suite"],
            resources: [
                "index.html", "style.css", "app.js", "api.js", "dom.js", "overview.js", "goals.js", "board.js", "runs.js",
                "output.js", "agents.js", "projects.js", "swagger.html", "swagger.js", "operations.html", "operations.js",
            ].map { .embedInCode("Dashboard/\($0)") }, swiftSettings: hot),
        main("gateway", at: "gateway/Main", ["Gateway", "Service"]),
        .target(
            name: "Suite",
            dependencies: [
                "Gateway", "Service", "Processes", "Agents", "Skills", "Memory", "Goals", "Tasks", "Runs", "Board", "Approvals",
                "Webhooks",
            ],
            path: "gateway/Suite", swiftSettings: strict),
        main("nexus", at: "gateway/CLI", ["Suite", "Gateway", "Service", "Identity"]),

        main("bench-subscribers", at: "Tests/Benchmarks/Subscribers", ["Loops"]),
        fuzzing,
        tests("Tidy", of: []),
        tests("PlannerTests", of: ["Planner", "Models"]),
        tests("LoopsTests", of: ["Loops", "CSystem"]),
        // Requests that no client should send, for all that reads requests.
        .target(
            name: "Hostile", dependencies: ["HTTP", "Loops"], path: "Tests/Hostile", exclude: ["requests.txt"],
            swiftSettings: strict),
        // Loads a running suite; see `Tests/Load/run`.
        .executableTarget(
            name: "nexus-load", dependencies: ["HTTP", "Loops", "Models", "CSystem"], path: "Tests/Load", exclude: ["run"],
            swiftSettings: strict),
        tests("HTTPTests", of: ["HTTP", "Loops", "CSystem", "COpenSSL", "SuiteTesting", "Hostile"]),
        tests("ProcessesTests", of: ["Processes", "Loops"]),
        tests("ClientTests", of: ["Client", "HTTP", "Loops"]),
        tests("RunnerTests", of: ["Runner", "nexus-agent-runner", "Client", "HTTP", "Loops", "Models", "Processes"]),
        tests("HTTPKitTests", of: ["HTTP", "Loops", "Models"]),
        tests("StorageTests", of: ["Storage", "Models", "Loops"]),
        tests("IdentityTests", of: ["Identity", "Models", "Storage", "HTTP", "Service", "COpenSSL"]),
        tests("GatewayTests", of: ["Gateway", "Client", "SuiteTesting", "Hostile"]),
        tests("AgentsTests", of: ["Agents", "SuiteTesting"]),
        tests("SkillsTests", of: ["Skills", "SuiteTesting"]),
        tests("MemoryTests", of: ["Memory", "SuiteTesting"]),
        tests("WebhooksTests", of: ["Webhooks", "Agents", "SuiteTesting"]),
        tests("BoardTests", of: ["Board", "Tasks", "SuiteTesting", "Storage"]),
        tests("TasksTests", of: ["Tasks", "SuiteTesting"]),
        tests("RunsTests", of: ["Runs", "SuiteTesting", "Identity", "Processes", "Loops", "Storage", "nexus-agent-runner"]),
        tests("GoalsTests", of: ["Goals", "Planner", "Agents", "Approvals", "Tasks", "SuiteTesting"]),
        tests("ApprovalsTests", of: ["Approvals", "Memory", "SuiteTesting"]),
        tests("Conformance", of: ["SuiteTesting", "Processes", "nexus", "nexus-agent-runner"]),
        tests("Integration", of: ["SuiteTesting", "Processes", "Suite", "Gateway", "nexus", "nexus-agent-runner"]),
    ] + services
)
