import CSystem
import Glibc

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a service owes the supervisor that started it (`nexus up --separate`).
public enum Supervision {
    /// The variable by which a supervisor tells its children its own process id.
    public static let variable = "NEXUS_SUPERVISOR"

    /// Ends this process when its supervisor ends, however that dies; also when it has died already.
    public static func dieWithSupervisor() {
        guard let text = ProcessInfo.processInfo.environment[variable], let supervisor = Int32(text) else { return }
        _ = nexus_die_with_parent(SIGTERM)
        if getppid() != supervisor { kill(getpid(), SIGTERM) }
    }
}
