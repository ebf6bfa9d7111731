extension OpenAPIDocument {
    /// One document of several, as a gateway shows them. Where two have different schemas of one name, the later document's is
    /// called `<document>_<name>`; of two operations for one method and path, and of two security schemes of one name, the
    /// earlier counts.
    /// - Parameter documents: each with a short name (`agents`), encoded.
    /// - Throws: `JSONError` for bytes that are not JSON.
    public static func merged(
        title: String, version: String, description: String? = nil, _ documents: [(name: String, bytes: [UInt8])]
    ) throws -> [UInt8] {
        var tags: [JSONTree] = []
        var paths: JSONTree = [:]
        var schemas: JSONTree = [:]
        var securitySchemes: JSONTree = [:]
        var operationIDs: Set<String> = []
        for document in documents {
            let tree = try JSONTree(parsing: document.bytes)
            let components = tree["components"]?["schemas"]?.members ?? []
            let renamed = renamings(of: components, in: document.name, beside: schemas)
            for component in components {
                let isRenamed = renamed["#/components/schemas/\(component.name)"] != nil
                schemas[isRenamed ? "\(document.name)_\(component.name)" : component.name] = component.value.renaming(renamed)
            }
            for scheme in tree["components"]?["securitySchemes"]?.members ?? [] where securitySchemes[scheme.name] == nil {
                securitySchemes[scheme.name] = scheme.value
            }
            for tag in tree["tags"]?.items ?? [] where !tags.contains(tag) { tags.append(tag) }
            for path in tree["paths"]?.members ?? [] {
                var merged = paths[path.name] ?? [:]
                for operation in path.value.members where merged[operation.name] == nil {
                    var value = operation.value.renaming(renamed)
                    if let id = value["operationId"]?.text, !operationIDs.insert(id).inserted {
                        let unique = "\(document.name)_\(id)"
                        operationIDs.insert(unique)
                        value["operationId"] = .string(unique)
                    }
                    merged[operation.name] = value
                }
                paths[path.name] = merged
            }
        }
        return try JSON.encode(
            [
                "openapi": "3.1.0", "info": info(title, version, description), "tags": .array(tags), "paths": paths,
                "components": ["schemas": schemas, "securitySchemes": securitySchemes],
            ] as JSONTree)
    }

    /// References that must change: to schemas that differ from the one that has their name already, and to those that refer to
    /// such.
    private static func renamings(of components: [JSONTree.Member], in document: String, beside schemas: JSONTree) -> [String:
        String]
    {
        var renamed: [String: String] = [:]
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for component in components {
                let reference = "#/components/schemas/\(component.name)"
                guard renamed[reference] == nil, let present = schemas[component.name] else { continue }
                if present != component.value.renaming(renamed) {
                    renamed[reference] = "#/components/schemas/\(document)_\(component.name)"
                    hasChanged = true
                }
            }
        }
        return renamed
    }
}

extension JSONTree {
    /// This tree with its references changed.
    fileprivate func renaming(_ references: [String: String]) -> JSONTree {
        if references.isEmpty { return self }
        switch self {
        case .array(let items): return .array(items.map { $0.renaming(references) })
        case .object(let members):
            return .object(
                members.map { member in
                    if member.name == "$ref", let name = member.value.text, let new = references[name] {
                        return Member(member.name, .string(new))
                    }
                    return Member(member.name, member.value.renaming(references))
                })
        default: return self
        }
    }
}
