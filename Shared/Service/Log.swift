import Glibc
import Models

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Structured log lines: one JSON object each, on standard error, whole lines only.
public struct Log: Sendable {
    public enum Level: String, Sendable, CaseIterable {
        case debug, info, warning, error
    }

    private let service: String
    private let clock: WallClock
    private let write: @Sendable ([UInt8]) -> Void
    private let isDebug: Bool
    private let isInfo: Bool
    private let isWarning: Bool

    /// - Parameter level: what is less than this is not written.
    public init(
        service: String, clock: WallClock = .system, level: Level = .info,
        write: @escaping @Sendable ([UInt8]) -> Void = Log.standardError
    ) {
        self.service = service
        self.clock = clock
        self.write = write
        isDebug = level == .debug
        isInfo = level == .info || level == .debug
        isWarning = level != .error
    }

    /// The same log in the name of another part of the suite.
    public func named(_ service: String, level: Level) -> Log {
        Log(service: service, clock: clock, level: level, write: write)
    }

    /// - Parameter fields: looked at only when the line is written.
    public func debug(_ message: String, _ fields: @autoclosure () -> [String: String]) {
        if isDebug { line(.debug, message, fields()) }
    }

    public func info(_ message: String, _ fields: [String: String] = [:]) { if isInfo { line(.info, message, fields) } }
    public func warning(_ message: String, _ fields: [String: String] = [:]) {
        if isWarning { line(.warning, message, fields) }
    }
    public func error(_ message: String, _ fields: [String: String] = [:]) { line(.error, message, fields) }

    private func line(_ level: Level, _ message: String, _ fields: [String: String]) {
        var members = fields
        members["time"] = clock.now().rfc3339
        members["level"] = level.rawValue
        members["service"] = service
        members["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // try?: a dictionary of strings always encodes.
        guard let data = try? encoder.encode(members) else { return }
        write(Array(data) + [10])
    }

    /// Writes to standard error in one call, so that lines of several processes do not mix.
    public static let standardError: @Sendable ([UInt8]) -> Void = { bytes in
        bytes.withUnsafeBytes { _ = Glibc.write(2, $0.baseAddress, $0.count) }
    }

    /// Writes nothing, for tests.
    public static let silent: @Sendable ([UInt8]) -> Void = { _ in }
}
