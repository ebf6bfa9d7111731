import Models
import Storage

/// What an issue's presentations need to know besides the issue, looked up once each. Lives as long as one read or write.
final class IssueFacts {
    let ledger: IssueLedger
    let workspace: String
    let reader: any SQLReader
    private var labels: [String: IssueLabel?] = [:]
    private var names: [String: String?] = [:]
    private var crews: [String: Crew?] = [:]
    private var heads: [String: Head?] = [:]

    init(_ ledger: IssueLedger, workspace: String, in reader: any SQLReader) {
        self.ledger = ledger
        self.workspace = workspace
        self.reader = reader
    }

    /// As much of another issue as a link shows.
    struct Head {
        let identifier: String
        let title: String
        let status: IssueStatus
    }

    func labels(of issue: Issue) throws -> [IssueLabel] {
        try issue.labelIDs.compactMap { id in
            if let known = labels[id] { return known }
            let label = try LabelStore.table.find(id, workspace: workspace, in: reader)?.model()
            labels[id] = .some(label)
            return label
        }
    }

    /// The name of an agent or a person, when it is known here.
    func name(_ type: ActorType?, _ id: String?) throws -> String? {
        guard let type, let id else { return nil }
        let key = "\(type.rawValue) \(id)"
        if let known = names[key] { return known }
        let kind = type == .agent ? KnownStore.Kind.agent : .user
        let name = try ledger.known.find(kind, id, workspace: workspace, in: reader)?.name
        names[key] = .some(name)
        return name
    }

    /// Somebody under the name that they have now.
    func actor(_ actor: Actor?) throws -> Actor? {
        guard var actor else { return nil }
        actor.name = try name(actor.type, actor.id) ?? actor.name
        return actor
    }

    func crew(of issue: Issue) throws -> Crew? {
        if let known = crews[issue.crewID] { return known }
        let crew = try CrewStore.table.find(issue.crewID, workspace: workspace, in: reader)?.model()
        crews[issue.crewID] = .some(crew)
        return crew
    }

    func links(of issue: Issue) throws -> [IssueLink] {
        try ledger.links.links(of: issue.id, workspace: workspace, in: reader)
    }

    func head(of id: String) throws -> Head? {
        if let known = heads[id] { return known }
        let found = try ledger.issues.find(id, workspace: workspace, in: reader)?.model()
        let head = found.map { Head(identifier: $0.identifier, title: $0.title, status: $0.status) }
        heads[id] = .some(head)
        return head
    }

    /// The identifiers of what an issue waits for.
    func blockers(of issue: Issue) throws -> [String] {
        guard issue.status == .waiting else { return [] }
        return try ledger.links.blockers(of: issue.id, workspace: workspace, in: reader)
    }

    func subIssues(of issue: Issue) throws -> Int {
        try ledger.issues.counts(.parent(issue.id), workspace: workspace, in: reader).values.reduce(0) { $0 + $1.issues }
    }
}
