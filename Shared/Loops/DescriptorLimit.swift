import CSystem
import Glibc

/// How many descriptors this process may have open.
public enum DescriptorLimit {
    /// Taken for a limit that is none: more than a process of the suite ever needs.
    private static let boundless = 1 << 20

    /// Raises the soft limit to the hard one, which is what the administrator allows; the soft one is low for programs that use
    /// `select`, and nothing here does.
    /// - Returns: the limit from now on.
    @discardableResult
    public static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            let wanted = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
            var raised = wanted
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = wanted }
        }
        return limit.rlim_cur > rlim_t(boundless) ? boundless : Int(limit.rlim_cur)
    }
}
