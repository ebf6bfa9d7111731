/// Checks of members that many requests have; each failure is a 400 that names the field.
public enum Check {
    public static let nameLengthMax = 200
    public static let textBytesMax = 256 * 1024
    public static let tagsMax = 32
    public static let tagLengthMax = 64

    /// A name or title: not blank, one line, at most 200 characters.
    @discardableResult
    public static func name(_ text: String?, _ field: String = "name", lengthMax: Int = nameLengthMax) throws(ServiceError)
        -> String
    {
        guard let text else { throw .invalid(field, "required") }
        guard !text.utf8.allSatisfy({ $0 == 32 || $0 == 9 }) else { throw .invalid(field, "must not be blank") }
        guard text.count <= lengthMax else { throw .invalid(field, "must have at most \(lengthMax) characters") }
        guard !text.utf8.contains(where: { $0 < 32 || $0 == 127 }) else { throw .invalid(field, "must be one line of text") }
        return text
    }

    /// A longer text: at most 256 KiB unless said, no NUL.
    @discardableResult
    public static func text(_ text: String, _ field: String, bytesMax: Int = textBytesMax) throws(ServiceError) -> String {
        guard text.utf8.count <= bytesMax else { throw .invalid(field, "must have at most \(bytesMax) bytes") }
        guard !text.utf8.contains(0) else { throw .invalid(field, "must not contain a NUL") }
        return text
    }

    /// A slug that was given, or the one of a name.
    public static func slug(_ slug: String?, from name: String) throws(ServiceError) -> String {
        if let slug {
            guard Slug.isValid(slug) else {
                throw .invalid("slug", "must be 1 to \(Slug.lengthMax) of a-z, 0-9 and inner hyphens")
            }
            return slug
        }
        guard let made = Slug.make(from: name) else { throw .invalid("slug", "required, since none can be made from the name") }
        return made
    }

    /// A list of at most `max` different items.
    @discardableResult
    public static func list<Item: Hashable>(_ items: [Item], _ field: String, max: Int) throws(ServiceError) -> [Item] {
        guard items.count <= max else { throw .invalid(field, "must have at most \(max) items") }
        guard Set(items).count == items.count else { throw .invalid(field, "must not name anything twice") }
        return items
    }

    /// At most 32 different tags of 1 to 64 characters.
    @discardableResult
    public static func tags(_ tags: [String], _ field: String = "tags") throws(ServiceError) -> [String] {
        try list(tags, field, max: tagsMax)
        for (index, tag) in tags.enumerated() { try name(tag, "\(field)[\(index)]", lengthMax: tagLengthMax) }
        return tags
    }

    /// A number within a range.
    @discardableResult
    public static func range<Number: Comparable>(
        _ number: Number, _ field: String, _ range: ClosedRange<Number>
    ) throws(ServiceError) -> Number {
        guard range.contains(number) else { throw .invalid(field, "must be from \(range.lowerBound) to \(range.upperBound)") }
        return number
    }
}
