import Models
import Storage

/// All the SQL of projects and their activity.
struct ProjectStore: Sendable {
    let projects = GoalMigrations.projects
    let activity = GoalMigrations.activity

    /// By id or slug.
    func project(_ reference: String, workspace: String, in reader: some SQLReader) throws -> Stored<Project> {
        try projects.get(reference, workspace: workspace, in: reader)
    }

    func find(_ reference: String, workspace: String, in reader: some SQLReader) throws -> Stored<Project>? {
        try projects.find(reference, workspace: workspace, in: reader)
    }

    func list(_ query: ListQuery, workspace: String, in reader: some SQLReader) throws -> Page<Project> {
        try projects.list(query, workspace: workspace, in: reader)
    }

    func count(_ filters: [Filter], workspace: String, in reader: some SQLReader) throws -> Int {
        try projects.count(filters, workspace: workspace, in: reader)
    }

    /// How many of the workspace's projects stand where, all of them, whatever a list shows.
    func statusCounts(workspace: String, in reader: some SQLReader) throws -> ProjectStatusCounts {
        var counts = ProjectStatusCounts()
        try reader.each("SELECT status, count(*) FROM projects WHERE workspace_id = ? GROUP BY status", workspace) { row in
            let count = Int(row.int(1))
            switch ProjectStatus(rawValue: row.text(0)) {
            case .pending: counts.pending = count
            case .running: counts.running = count
            case .completed: counts.completed = count
            case .failed: counts.failed = count
            case .cancelled: counts.cancelled = count
            case nil: break
            }
        }
        return counts
    }

    func isTaken(slug: String, workspace: String, in reader: some SQLReader) throws -> Bool {
        try reader.one("SELECT 1 FROM projects WHERE workspace_id = ? AND slug = ?", workspace, slug) { $0.int(0) } != nil
    }

    func insert(_ project: Project, in transaction: Transaction) throws -> Stored<Project> {
        try projects.insert(project, workspace: project.workspaceID, at: project.createdAt, in: transaction)
    }

    func replace(_ old: Stored<Project>, with project: Project, in transaction: Transaction) throws -> Stored<Project> {
        try projects.replace(old, with: project, at: project.updatedAt, in: transaction)
    }

    func delete(_ id: String, workspace: String, in transaction: Transaction) throws {
        try transaction.run("DELETE FROM project_activity WHERE workspace_id = ? AND project_id = ?", workspace, id)
        try projects.delete(id, workspace: workspace, in: transaction)
    }

    /// The number of the next row of a project's activity.
    func nextActivity(of project: String, workspace: String, in reader: some SQLReader) throws -> Int {
        let last = try reader.one(
            "SELECT max(sequence) FROM project_activity WHERE workspace_id = ? AND project_id = ?", workspace, project
        ) { $0.int(0) }
        return Int(last ?? 0) + 1
    }

    func log(_ row: ProjectActivity, workspace: String, in transaction: Transaction) throws {
        try activity.insert(row, workspace: workspace, at: row.at, in: transaction)
    }

    func activity(_ query: ListQuery, workspace: String, in reader: some SQLReader) throws -> Page<ProjectActivity> {
        try activity.list(query, workspace: workspace, in: reader)
    }
}
