import Models

/// A skill as a `SKILL.md`: front matter between two lines of `---`, then the content.
struct SkillDocument: Equatable {
    static let fence = "---"

    var name: String
    var slug: String?
    var description: String?
    var version: String?
    var tags: [String]
    var content: String

    init(_ skill: Skill, version: SkillVersion?) {
        name = skill.name
        slug = skill.slug
        description = skill.description.isEmpty ? nil : skill.description
        self.version = version?.version
        tags = skill.tags
        content = version?.content ?? skill.content
    }

    /// Reads a `SKILL.md`. Members of the front matter that a skill does not have are passed over.
    /// - Throws: 400 naming `front_matter` and the line that cannot be read, or the member that is missing or of another kind.
    init(reading text: String) throws(ServiceError) {
        let lines = SkillDocument.lines(of: text)
        guard lines.first.map(SkillDocument.isFence) == true else {
            throw .invalid("front_matter", "required: the document begins with a line of ---")
        }
        guard let end = lines.dropFirst().firstIndex(where: SkillDocument.isFence) else {
            throw .invalid("front_matter", "has no closing line of ---")
        }
        let members = try FrontMatter.read(lines[1..<end], firstLine: 2)
        guard let name = try members.text("name") else { throw .invalid("name", "required in the front matter") }
        self.name = name
        slug = try members.text("slug")
        description = try members.text("description")
        version = try members.text("version")
        tags = try members.list("tags")
        // The blank line that sets the content apart from the front matter belongs to neither.
        let rest = lines[(end + 1)...]
        content = (rest.first?.isEmpty == true ? rest.dropFirst() : rest).joined(separator: "\n")
    }

    /// The document; reading it gives the same again.
    var text: String {
        var lines = [SkillDocument.fence, "name: \(FrontMatter.scalar(name))"]
        if let slug { lines.append("slug: \(FrontMatter.scalar(slug))") }
        if let description { lines.append("description: \(FrontMatter.scalar(description))") }
        if let version { lines.append("version: \(FrontMatter.scalar(version))") }
        if !tags.isEmpty { lines.append("tags: [\(tags.map(FrontMatter.scalar).joined(separator: ", "))]") }
        return (lines + [SkillDocument.fence, "", content]).joined(separator: "\n")
    }

    /// The lines, without the carriage returns before their ends. As characters, CR LF would be one, which is no LF.
    private static func lines(of text: String) -> [Substring] {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for index in lines.indices.dropLast() {
            while lines[index].last == "\r" { lines[index].removeLast() }
        }
        return lines.map { Substring($0) }
    }

    private static func isFence(_ line: Substring) -> Bool {
        line.hasPrefix(fence) && line.dropFirst(fence.count).allSatisfy { $0 == " " || $0 == "\t" }
    }
}
