import HTTP
import Models
import Service

extension Proxy {
    private enum Known {
        static let circuit = Metric.gauge(
            "nexus_upstream_circuit_open", "Whether requests are kept from a service that could not be reached.")
        static let openings = Metric.counter("nexus_upstream_circuit_openings_total", "How often that began.")
        static let shed = Metric.counter(
            "nexus_upstream_requests_shed_total", "Requests refused because too many waited for a service.")
    }

    /// What there is to say of the ways to the services.
    var samples: [Sample] {
        ServiceName.allCases.flatMap { name -> [Sample] in
            guard let upstream = directory.upstream(name) else { return [] }
            let labels = [(name: "upstream", value: name.rawValue)]
            return [
                Sample(Known.circuit, upstream.isCircuitOpen ? 1 : 0, labels),
                Sample(Known.openings, upstream.circuitOpenings, labels), Sample(Known.shed, upstream.requestsShed, labels),
            ]
        }
    }
}
