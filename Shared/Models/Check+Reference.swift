extension Check {
    /// Bytes of an id or a slug.
    public static let referenceBytesMax = 200

    /// An id or a slug, before anybody is asked whether there is such a thing: it stands unescaped in a path.
    @discardableResult
    public static func reference(_ text: String, _ field: String) throws(ServiceError) -> String {
        guard isReference(text) else { throw .invalid(field, "must be an id or a slug") }
        return text
    }

    /// Whether `text` can be an id or a slug at all: letters, digits, `_` and `-`.
    public static func isReference(_ text: String) -> Bool {
        (1...referenceBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 45, 48...57, 65...90, 95, 97...122: true
                default: false
                }
            }
    }
}
