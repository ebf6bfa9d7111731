import HTTP
import Models
import Service
import Storage

/// Skills as documents, and their tests.
struct DocumentHandlers: Sendable {
    /// The largest `SKILL.md`: a content, and as much front matter as anyone writes.
    static let documentBytesMax = Check.textBytesMax + 64 * 1024

    let store: SkillStore
    let visibility: SkillVisibility

    /// The skill at a version, at its published one unless said, or as it is now while none is published.
    func export(_ call: Call) async throws -> Content<MarkdownMedia> {
        let (skill, version) = try await chosen(call.query["version"], call, elsePublished: true)
        var response = Response.text(SkillDocument(skill, version: version).text, type: "text/markdown; charset=utf-8")
        response.headers.add("content-disposition", "attachment; filename=\"SKILL.md\"".utf8)
        return Content(response)
    }

    /// Makes a skill of a `SKILL.md`, and a version when the front matter names one.
    /// - Throws: 415 for another kind of document, 409 when the slug is taken.
    func importDocument(_ call: Call) async throws -> Created<Skill> {
        try DocumentHandlers.checkMedia(call.request.headers["content-type"])
        let bytes = try await call.request.body.collect(upTo: DocumentHandlers.documentBytesMax)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw ServiceError.invalid("body", "must be UTF-8") }
        let document = try SkillDocument(reading: text)
        var skill = try SkillRules.make(
            from: CreateSkill(
                name: document.name, slug: document.slug, description: document.description, content: document.content,
                tags: document.tags), workspace: call.workspace, by: call.actor, at: call.now)
        var version: SkillVersion?
        if let number = document.version {
            let made = try SkillRules.version(
                of: skill, from: CreateSkillVersion(version: number), by: call.actor, at: call.now)
            skill = SkillRules.added(made, to: skill, at: call.now)
            version = made
        }
        let (new, first) = (skill, version)
        return try await call.write { transaction in
            let stored = try store.insert(new, at: call.now, in: transaction)
            if let first { _ = try store.insert(first, of: stored, at: call.now, in: transaction) }
            try call.emit("skill.created", stored, in: transaction)
            return Created(stored, in: "/skills-api")
        }
    }

    func test(_ call: Call, body: TestSkill) async throws -> Reply<SkillTestReport> {
        let (skill, version) = try await chosen(body.version, call, elsePublished: false)
        let results = SkillTesting.run(skill.tests, on: version?.content ?? skill.content)
        return Reply(SkillTestReport(version: version?.version, results: results))
    }

    private func chosen(
        _ asked: String?, _ call: Call, elsePublished: Bool
    ) async throws -> (skill: Skill, version: SkillVersion?) {
        let reach = try await visibility.reach(of: call)
        return try await call.read { reader in
            let stored = try store.get(call.parameter("id"), workspace: call.workspace, in: reader)
            let skill = try stored.model()
            try reach.check(skill)
            guard let number = asked ?? (elsePublished ? skill.publishedVersion : nil) else { return (skill, nil) }
            guard let version = try store.version(number, of: stored, in: reader) else {
                throw ServiceError.notFound(SkillVersion.noun)
            }
            return (skill, try version.model())
        }
    }

    private static func checkMedia(_ type: String?) throws {
        guard let type, !type.isEmpty else { return }
        switch MediaType(type)?.essence {
        case "text/markdown", "text/x-markdown", "text/plain": return
        case "application/zip", "application/x-zip-compressed":
            throw ServiceError(.unsupportedMediaType, "a zip cannot be imported: send the SKILL.md in it as text/markdown")
        default: throw ServiceError(.unsupportedMediaType, "send a SKILL.md as text/markdown")
        }
    }
}
