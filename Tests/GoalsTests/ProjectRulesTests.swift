import Models
import Testing

@testable import Goals

/// The rules of projects, with values.
@Suite struct ProjectRulesTests {
    static func make(_ body: CreateProject) throws -> Project {
        try ProjectRules.make(body, id: "proj_1", workspace: "default", by: .suite, at: GoalRulesTests.now)
    }

    @Test func aProjectWithoutMembersHasTheDefaults() throws {
        let project = try Self.make(CreateProject())
        #expect(project.name == "Untitled" && project.slug == "untitled" && project.strategy == .performance)
        #expect(!project.autoApprovePlan && project.autoApprovePhases && project.decisionMode == .agent)
        #expect(project.status == .pending && project.agentIDs.isEmpty)
        #expect(try Self.make(CreateProject(name: "東京")).slug == "project")
    }

    @Test func aSlugIsMadeUniqueWithinItsLength() {
        var taken: Set<String> = ["a", "a-2", String(repeating: "x", count: 64)]
        #expect(ProjectRules.uniqueSlug("b") { taken.contains($0) } == "b")
        #expect(ProjectRules.uniqueSlug("a") { taken.contains($0) } == "a-3")
        let long = ProjectRules.uniqueSlug(String(repeating: "x", count: 64)) { taken.contains($0) }
        #expect(long == String(repeating: "x", count: 62) + "-2" && Slug.isValid(long))
        taken.insert("a-3")
        #expect(ProjectRules.uniqueSlug("a") { taken.contains($0) } == "a-4")
    }

    @Test(arguments: ["ext::sh -c id", "--upload-pack=id", "", "a\nb", "gopher://x/y", "javascript:x::y"])
    func whatGitWouldRunIsNoRepository(url: String) {
        let error = #expect(throws: ServiceError.self) { try Self.make(CreateProject(repoURL: url)) }
        #expect(error?.field == "repo_url")
    }

    @Test(arguments: ["/srv/repo", "../repo.git", "https://github.com/org/repo", "git@github.com:org/repo.git", "file:///srv/r"])
    func pathsAndURLsAreRepositories(url: String) throws {
        #expect(try Self.make(CreateProject(repoURL: url)).repoURL == url)
    }

    @Test(arguments: [
        (CreateProject(name: " "), "name"), (CreateProject(slug: "No Slug"), "slug"), (CreateProject(path: "../up"), "path"),
        (CreateProject(agentIDs: ["a", "a"]), "agent_ids"), (CreateProject(agentIDs: ["a/b"]), "agent_ids[0]"),
        (CreateProject(agentID: "a b"), "agent_id"), (CreateProject(smeArchetype: ""), "sme_archetype"),
    ])
    func badMembersAreNamed(body: CreateProject, field: String) {
        let error = #expect(throws: ServiceError.self) { try Self.make(body) }
        #expect(error?.field == field)
    }

    @Test func aProjectStandsWhereItsGoalsDo() {
        #expect(ProjectRules.status([:]) == .pending)
        #expect(ProjectRules.status([.running: 1, .failed: 1, .pending: 4]) == .running)
        #expect(ProjectRules.status([.failed: 1, .completed: 2]) == .failed)
        #expect(ProjectRules.status([.pending: 1, .completed: 2]) == .pending)
        #expect(ProjectRules.status([.completed: 2, .cancelled: 1]) == .completed)
        #expect(ProjectRules.status([.cancelled: 1]) == .cancelled)
    }
}
