import Glibc
import Models

/// Failed calls on files, as the suite's own errors. Called before anything else changes `errno`.
public enum FileFailure {
    public static func error(_ call: String, _ path: String) -> ServiceError {
        let number = errno
        let cause = "\(call) \(path): \(String(cString: strerror(number)))"
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            return ServiceError(.diskFull, "the disk is full: free some space and try again", cause: cause)
        case EMFILE, ENFILE:
            return ServiceError(.unavailable, "too many open files: try again", cause: cause, retryAfterSeconds: 1)
        default: return ServiceError.internal(cause)
        }
    }
}

/// Folders of the data directory, for this user alone.
public enum Folders {
    /// Makes the folder and those above it.
    public static func make(_ path: String) throws {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw FileFailure.error("mkdir", path)
        }
        try make(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileFailure.error("mkdir", path) }
    }
}
