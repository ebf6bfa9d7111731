import HTTP

/// Spans as OTLP/HTTP takes them in JSON: ids in hexadecimal, 64-bit numbers as text, enumerations as numbers
/// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
enum SpanEncoding {
    /// The name of what makes the spans.
    static let scope = "nexus"

    /// The body of a request to `/v1/traces`, a resource for each service.
    /// - Parameters:
    ///   - name: `service.name` for all of them; nil for each service's own.
    ///   - resource: what else is said of each service.
    static func encode(_ spans: [Span], name: String?, resource: [Span.Attribute]) throws -> [UInt8] {
        var services: [String] = []
        for span in spans where !services.contains(span.service) { services.append(span.service) }
        let resources = services.map { service in
            var attributes = [Span.Attribute.text("service.name", name ?? service)]
            if name != nil { attributes.append(.text("nexus.service", service)) }
            return ResourceSpans(
                resource: Resource(attributes: (attributes + resource).map(Member.init)),
                scopeSpans: [ScopeSpans(scope: Scope(name: scope), spans: spans.filter { $0.service == service }.map(Item.init))])
        }
        return try JSON.encode(Body(resourceSpans: resources))
    }

    private struct Body: Encodable {
        let resourceSpans: [ResourceSpans]
    }

    private struct ResourceSpans: Encodable {
        let resource: Resource
        let scopeSpans: [ScopeSpans]
    }

    private struct Resource: Encodable {
        let attributes: [Member]
    }

    private struct ScopeSpans: Encodable {
        let scope: Scope
        let spans: [Item]
    }

    private struct Scope: Encodable {
        let name: String
    }

    private struct Member: Encodable {
        let key: String
        let value: Value

        init(_ attribute: Span.Attribute) {
            key = attribute.key
            switch attribute.value {
            case .text(let text): value = Value(stringValue: text, intValue: nil)
            case .integer(let number): value = Value(stringValue: nil, intValue: String(number))
            }
        }
    }

    private struct Value: Encodable {
        let stringValue: String?
        let intValue: String?
    }

    private struct ErrorStatus: Encodable {
        /// `STATUS_CODE_ERROR`
        let code = 2
    }

    private struct Item: Encodable {
        let traceId: String
        let spanId: String
        let parentSpanId: String?
        let flags: Int
        let name: String
        let kind: Int
        let startTimeUnixNano: String
        let endTimeUnixNano: String
        let attributes: [Member]
        let status: ErrorStatus?

        init(_ span: Span) {
            traceId = span.context.traceID
            spanId = TraceContext.hexadecimal(span.context.spanID)
            parentSpanId = span.parent == 0 ? nil : TraceContext.hexadecimal(span.parent)
            flags = span.context.isSampled ? 1 : 0
            name = span.name
            kind = span.kind.rawValue
            startTimeUnixNano = String(span.startNanoseconds)
            endTimeUnixNano = String(span.endNanoseconds)
            attributes = span.attributes.map(Member.init)
            status = span.hasFailed ? ErrorStatus() : nil
        }
    }
}
