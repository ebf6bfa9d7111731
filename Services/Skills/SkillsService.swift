import Models
import Service
import Storage

/// Skills: what agents are taught, in versions.
public struct SkillsService: NexusService {
    public static let name = ServiceName.skills
    public static let migrations = SkillMigrations.all

    let skills: SkillHandlers
    let versions: VersionHandlers
    let documents: DocumentHandlers

    public init(_ environment: ServiceEnvironment) {
        let store = SkillStore()
        let visibility = SkillVisibility(peers: environment.peers)
        skills = SkillHandlers(store: store, visibility: visibility)
        versions = VersionHandlers(store: store, visibility: visibility)
        documents = DocumentHandlers(store: store, visibility: visibility)
    }
}
