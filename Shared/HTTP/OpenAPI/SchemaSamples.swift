/// Made-up values for a recording: each attempt brings others, until a type's `init(from:)` is content.
enum SchemaSamples {
    private static let strings = [
        "", "a", "2026-01-01T00:00:00Z", "1", "https://example.com/a", "00000000-0000-4000-8000-000000000000", "a@example.com",
        "AAAA",
        "2026-01-01", "{}", "aaaaaaaaaaaaaaaa",
    ]

    static var attempts: Int { strings.count }

    /// A value when the type is a scalar; nil for any other type.
    static func scalar<Value>(_ type: Value.Type, attempt: Int) -> Value? {
        if type == String.self { return strings[attempt % attempts] as? Value }
        if type == Bool.self { return (attempt % 2 == 1) as? Value }
        if type == Double.self { return Double(attempt) as? Value }
        if type == Float.self { return Float(attempt) as? Value }
        if let integer = type as? any FixedWidthInteger.Type { return make(integer, attempt) as? Value }
        return nil
    }

    private static func make<Integer: FixedWidthInteger>(_ type: Integer.Type, _ attempt: Int) -> Any { Integer(attempt) }
}
