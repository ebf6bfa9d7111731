/// Some of the methods: what a path allows.
public struct MethodSet: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public init(_ method: Method) { rawValue = 1 << UInt16(method.rawValue) }

    public func contains(_ method: Method) -> Bool { contains(MethodSet(method)) }

    /// The value of an `Allow` field (RFC 9110 §10.2.1): `GET, HEAD, POST`.
    public var allow: String {
        Method.allCases.filter { contains($0) }.map { "\($0.name)" }.joined(separator: ", ")
    }
}
