import Glibc
import HTTP
import Storage

extension ServiceHost {
    private enum Known {
        static let commits = Metric.counter(
            "nexus_storage_commits_total", "Transactions that became durable, each with one fsync.")
        static let writes = Metric.counter("nexus_storage_writes_total", "Writes that became durable.")
        static let failed = Metric.counter("nexus_storage_failed_writes_total", "Writes that were undone, with an error.")
        static let batch = Metric.gauge("nexus_storage_batch_writes_max", "Writes of the largest transaction so far.")
        static let seconds = Metric.counter("nexus_storage_commit_seconds_total", "Time spent in commits.")
        static let queue = Metric.gauge("nexus_storage_queue_depth", "Writes that wait.")
        static let checkpoints = Metric.counter("nexus_storage_checkpoints_total", "Times that the log was folded in.")
        static let failedCheckpoints = Metric.counter("nexus_storage_failed_checkpoints_total", "Times that it could not be.")
        static let events = Metric.gauge("nexus_events_last_sequence", "The sequence of the last event of the service.")
        static let lag = Metric.gauge("nexus_events_lag", "Events of the service that a consumer has yet to take.")
        static let inFlight = Metric.gauge("nexus_service_requests_in_flight", "Requests that handlers are at work on.")
        static let connections = Metric.gauge("nexus_http_connections", "Connections that are open.")
        static let refused = Metric.counter("nexus_http_connections_refused_total", "Connections past a limit.")
        static let held = Metric.gauge("nexus_http_held_bytes", "Bytes of bodies that are gathered and of answers that wait.")
    }

    /// What every service measures beside its routes.
    func measure() {
        let (database, outbox, inFlight) = (environment.database, environment.outbox, inFlight)
        environment.metrics.observe {
            let storage = database.statistics
            return [
                Sample(Known.commits, storage.batches), Sample(Known.writes, storage.writes),
                Sample(Known.failed, storage.failedWrites), Sample(Known.batch, storage.largestBatch),
                Sample(Known.seconds, storage.commitSeconds), Sample(Known.queue, storage.queueDepth),
                Sample(Known.checkpoints, storage.checkpoints), Sample(Known.failedCheckpoints, storage.failedCheckpoints),
                Sample(Known.events, Double(outbox.last.value)), Sample(Known.inFlight, inFlight.value),
            ] + outbox.lags.map { Sample(Known.lag, Double($0.events), [("consumer", $0.consumer)]) }
        }
    }

    /// What a program that listens measures: its connections, and what the kernel says of the process.
    public static func samples(of server: HTTPServer, _ tracer: Tracer) -> [Sample] {
        [
            Sample(Known.connections, server.connections), Sample(Known.refused, server.refusedConnections),
            Sample(Known.held, server.heldBytes),
        ] + ProcessMetrics.read() + tracer.samples
    }

    /// A clock that only goes forward.
    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
