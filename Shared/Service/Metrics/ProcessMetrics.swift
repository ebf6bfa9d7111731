import Glibc

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the kernel says of this process, by the names that every Prometheus client uses.
enum ProcessMetrics {
    private static let cpu = Metric.counter("process_cpu_seconds_total", "Seconds of processor time, user and system.")
    private static let resident = Metric.gauge("process_resident_memory_bytes", "Memory that is in use.")
    private static let virtual = Metric.gauge("process_virtual_memory_bytes", "Address space that is mapped.")
    private static let start = Metric.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.")
    private static let threads = Metric.gauge("process_threads", "Threads of the process.")
    private static let descriptors = Metric.gauge("process_open_fds", "Descriptors that are open.")
    private static let descriptorsMax = Metric.gauge("process_max_fds", "Descriptors that may be open.")
    private static let build = Metric.gauge("nexus_build_info", "The version that runs; always 1.")

    static func read() -> [Sample] {
        var samples = [Sample(build, 1, [("version", ServiceDocument.version)])]
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            samples.append(Sample(descriptorsMax, Double(limit.rlim_cur)))
        }
        // try?: without /proc there is nothing to tell.
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            samples.append(Sample(descriptors, open.count))
        }
        return samples + status()
    }

    /// From `/proc/self/stat` (`proc_pid_stat(5)`), whose second field, the name, may hold anything but ends at the last
    /// parenthesis.
    private static func status() -> [Sample] {
        guard let data = FileManager.default.contents(atPath: "/proc/self/stat"),
            let end = data.lastIndex(of: UInt8(ascii: ")"))
        else { return [] }
        let fields = String(decoding: data[(end + 1)...], as: UTF8.self).split(separator: " ").map { Double($0) ?? 0 }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // Counted from the third field on: utime is the 14th, stime the 15th, threads the 20th, start the 22nd, vsize, rss.
        guard fields.count > 21, ticks > 0 else { return [] }
        var samples = [
            Sample(cpu, (fields[11] + fields[12]) / ticks), Sample(threads, fields[17]), Sample(virtual, fields[20]),
            Sample(resident, fields[21] * Double(sysconf(Int32(_SC_PAGESIZE)))),
        ]
        if let boot = bootSeconds { samples.append(Sample(start, boot + fields[19] / ticks)) }
        return samples
    }

    private static let bootSeconds: Double? = {
        guard let data = FileManager.default.contents(atPath: "/proc/stat") else { return nil }
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) }
    }()
}
