import Models
import Service
import Storage

/// Search: by words in the content, in the tags, or in both; by tags alone; always among what the caller may read.
struct SearchHandlers: Sendable {
    static let limitDefault = 20
    static let limitMax = 200
    static let queryBytesMax = 4096
    /// Characters of a snippet when no word was searched for.
    static let snippetLength = 200

    let store: MemoryStore
    let references: MemoryReferences

    func searchByQuery(_ call: Call) async throws -> Reply<MemorySearchResults> {
        let query = call.query
        let tags = query.list("tags") + query.list("tag")
        let asked = SearchMemory(
            q: query["q"], mode: try query.word("mode", as: MemorySearchMode.self),
            scope: try query.word("scope", as: MemoryScope.self), tags: tags,
            limit: try query.integer("limit", in: 1...SearchHandlers.limitMax), projectID: query["project_id"],
            agentID: query["agent_id"])
        return try await search(call, body: asked)
    }

    func search(_ call: Call, body: SearchMemory) async throws -> Reply<MemorySearchResults> {
        let words = try Check.text(body.q ?? "", "q", bytesMax: SearchHandlers.queryBytesMax)
        let tags = try Check.tags(body.tags ?? [])
        let limit = try Check.range(body.limit ?? SearchHandlers.limitDefault, "limit", 1...SearchHandlers.limitMax)
        let isBlank = words.allSatisfy(\.isWhitespace)
        guard !isBlank || !tags.isEmpty else { throw ServiceError.invalid("q", "required, unless tags are named") }
        let filters = try await references.filters(
            call, scope: body.scope, project: body.projectID, agent: body.agentID, tags: tags)
        let mode = body.mode ?? .all
        let results = try await call.environment.database.readLong { reader in
            isBlank
                ? try store.mostImportant(filters, limit: limit, workspace: call.workspace, in: reader)
                : try store.search(words, mode, filters, limit: limit, workspace: call.workspace, in: reader)
        }
        return Reply(MemorySearchResults(results: results))
    }
}

extension MemoryStore {
    /// Memories that have all of the words; when there is none, those that have any of them.
    func search(
        _ words: String, _ mode: MemorySearchMode, _ filters: [Filter], limit: Int, workspace: String, in reader: any SQLReader
    ) throws -> [MemorySearchResults.Result] {
        let columns: [String]? =
            switch mode {
            case .text: ["content"]
            case .tags: ["tags"]
            case .all: nil
            }
        for match in [FullTextIndex.Match.all, .any] {
            let hits = try Self.texts.search(
                words, match, workspace: workspace, within: columns, table: Self.memories.name, filters: filters, limit: limit,
                in: reader)
            guard hits.isEmpty else {
                return try hits.compactMap { hit in
                    guard let stored = try Self.memories.find(hit.id, workspace: workspace, in: reader) else { return nil }
                    return .init(memory: try stored.model(), score: hit.score, snippet: hit.snippet)
                }
            }
        }
        return []
    }

    /// What meets the filters, the most important first.
    func mostImportant(
        _ filters: [Filter], limit: Int, workspace: String, in reader: any SQLReader
    ) throws -> [MemorySearchResults.Result] {
        let query = ListQuery(filters: filters, order: [.descending("importance")], limit: limit)
        return try page(query, workspace: workspace, in: reader).items.map { stored in
            let memory = try stored.model()
            let snippet = String(memory.content.prefix(SearchHandlers.snippetLength))
            return .init(memory: memory, score: memory.importance, snippet: snippet)
        }
    }
}
