import Models
import Testing

@testable import Board

/// The rules of issues, with plain values.
@Suite struct BoardRulesTests {
    static let now = Timestamp(milliseconds: 1_760_000_000_000)

    static func issue(_ status: IssueStatus, assignee: String? = nil) -> Models.Issue {
        var issue = Models.Issue(
            id: "issue_1", workspaceID: "default", crewID: "crew_1", identifier: "ENG-1", number: 1, title: "T", status: status,
            createdAt: now)
        issue.assigneeType = assignee == nil ? nil : .agent
        issue.assigneeID = assignee
        return issue
    }

    @Test(arguments: IssueStatus.allCases) func whatHasNotEndedWaitsExactlyWhileItIsBlocked(_ status: IssueStatus) {
        let blocked = DependencyRules.settled(Self.issue(status), isBlocked: true)
        let free = DependencyRules.settled(Self.issue(status), isBlocked: false)
        #expect((blocked.status == .waiting) == !status.isEnded)
        #expect(free.status == (status == .waiting ? .todo : status))
    }

    @Test func aBlockedIssueRemembersWhereItCameFrom() {
        let waiting = DependencyRules.settled(Self.issue(.review), isBlocked: true)
        #expect(waiting.status == .waiting && waiting.heldFrom == .review)
        #expect(DependencyRules.settled(waiting, isBlocked: true) == waiting)
    }

    @Test func nobodyWorksOnWhatIsBlockedAndNothingWaitsForNothing() {
        #expect(throws: ServiceError.self) { try DependencyRules.check(.inProgress, blockers: ["ENG-7"]) }
        #expect(throws: ServiceError.self) { try DependencyRules.check(.waiting, blockers: []) }
        #expect(throws: Never.self) { try DependencyRules.check(.done, blockers: ["ENG-7"]) }
        #expect(throws: Never.self) { try DependencyRules.check(.waiting, blockers: ["ENG-7"]) }
    }

    @Test func anAgentsOpenIssueStarts() {
        #expect(WorkRules.follow(nil, Self.issue(.todo, assignee: "agent_a"), isByAgent: false).effects == [.start])
        #expect(WorkRules.follow(nil, Self.issue(.todo), isByAgent: false).effects.isEmpty)
        #expect(WorkRules.follow(nil, Self.issue(.backlog, assignee: "agent_a"), isByAgent: false).effects.isEmpty)
        let same = Self.issue(.todo, assignee: "agent_a")
        #expect(WorkRules.follow(same, same, isByAgent: false).effects.isEmpty)
    }

    @Test func whatCameFromTheBacklogDoesNotStartByItself() {
        var waiting = Self.issue(.waiting, assignee: "agent_a")
        let open = Self.issue(.todo, assignee: "agent_a")
        let origins: [(IssueStatus, Bool)] = [
            (.backlog, false), (.review, false), (.failed, false), (.todo, true), (.inProgress, true),
        ]
        for (from, starts) in origins {
            waiting.heldFrom = from
            #expect(WorkRules.follow(waiting, open, isByAgent: false).effects == (starts ? [.start] : []), "\(from)")
        }
    }

    @Test func workIsHeldWhileItsIssueIsPausedOrBlockedAndGoesOnAfterwards() {
        var busy = Self.issue(.inProgress, assignee: "agent_a")
        let work = IssueWork(agentID: "agent_a", taskIDs: ["task_1"])
        busy.work = work
        var paused = busy
        paused.isPaused = true
        paused.status = .todo
        let held = WorkRules.follow(busy, paused, isByAgent: false)
        #expect(held.effects == [.hold(work)] && held.issue.work?.isHeld == true)
        var resumed = held.issue
        resumed.isPaused = false
        resumed.status = .inProgress
        let released = WorkRules.follow(held.issue, resumed, isByAgent: false)
        #expect(released.effects.count == 1 && released.issue.work?.isHeld == false)
        var blocked = busy
        blocked.status = .waiting
        #expect(WorkRules.follow(busy, blocked, isByAgent: false).effects == [.hold(work)])
    }

    @Test func workIsStoppedByAPersonButNotByTheAgentsOwnReport() {
        var busy = Self.issue(.inProgress, assignee: "agent_a")
        let work = IssueWork(agentID: "agent_a", taskIDs: ["task_1"])
        busy.work = work
        var done = busy
        done.status = .done
        #expect(WorkRules.follow(busy, done, isByAgent: false).effects == [.stop(work)])
        #expect(WorkRules.follow(busy, done, isByAgent: true).effects.isEmpty)
        var other = busy
        other.assigneeID = "agent_b"
        #expect(WorkRules.follow(busy, other, isByAgent: false).effects == [.stop(work), .start])
    }

    @Test(arguments: [
        ([TaskStatus.completed], IssueStatus.review), ([.failed], .failed), ([.completed, .failed], .failed),
        ([.interrupted], .todo), ([.completed, .running], nil), ([.running], nil), ([.review, .completed], .review),
    ])
    func theWorksTasksSayWhatBecomesOfTheIssue(_ tasks: [TaskStatus], _ expected: IssueStatus?) {
        var busy = Self.issue(.inProgress, assignee: "agent_a")
        busy.work = IssueWork(agentID: "agent_a", taskIDs: tasks.indices.map { "task_\($0)" })
        #expect(WorkRules.outcome(busy, tasks: tasks, endsInReview: true)?.status == expected)
        if tasks == [.completed] { #expect(WorkRules.outcome(busy, tasks: tasks, endsInReview: false)?.status == .done) }
    }

    @Test func theTransitionTableIsTheReferences() {
        let table = [
            "BACKLOG": ["TODO", "IN_PROGRESS", "CANCELLED"], "TODO": ["IN_PROGRESS", "BACKLOG", "CANCELLED"],
            "IN_PROGRESS": ["REVIEW", "DONE", "FAILED", "CANCELLED", "TODO"],
            "REVIEW": ["DONE", "TODO", "IN_PROGRESS", "FAILED", "CANCELLED"], "DONE": ["BACKLOG"],
            "FAILED": ["BACKLOG", "TODO", "IN_PROGRESS"], "CANCELLED": ["BACKLOG", "TODO"],
        ]
        for from in CrewTransitions.words {
            for to in CrewTransitions.words where from != to {
                let allowed = table[CrewTransitions.word(from)]?.contains(CrewTransitions.word(to)) == true
                #expect(CrewTransitions.isAllowed(from, to) == allowed, "\(from) → \(to)")
            }
        }
    }

    @Test func everyStatusHasItsWordOnEverySurface() {
        let table: [(IssueStatus, String, String, String)] = [
            (.backlog, "backlog", "Open", "BACKLOG"), (.todo, "open", "Open", "TODO"),
            (.waiting, "blocked", "WaitingOnDependency", "TODO"), (.inProgress, "in_progress", "InProgress", "IN_PROGRESS"),
            (.review, "in_review", "PendingReview", "REVIEW"), (.done, "resolved", "Resolved", "DONE"),
            (.closed, "closed", "Closed", "DONE"), (.failed, "failed", "Open", "FAILED"),
            (.cancelled, "cancelled", "Closed", "CANCELLED"),
        ]
        #expect(table.count == IssueStatus.allCases.count)
        for (status, workspace, tracker, crews) in table {
            #expect(WorkspaceWords.word(status) == workspace)
            #expect(TrackerWords.word(status) == tracker)
            #expect(CrewTransitions.word(status) == crews)
        }
    }

    @Test func betweenAnyTwoPlacesThereIsAnother() throws {
        var low = Place(order: 1, rank: "i")
        let high = Place(order: 2, rank: "i")
        // Twenty times as often as a number can be halved.
        for step in 0..<1000 {
            let middle = try #require(Place.between(low, high, rank: "i"), "step \(step)")
            #expect(low < middle && middle < high, "step \(step)")
            low = middle
        }
        var top = high
        low = Place(order: 1, rank: "i")
        for step in 0..<1000 {
            let middle = try #require(Place.between(low, top, rank: "i"), "step \(step)")
            #expect(low < middle && middle < top, "step \(step)")
            top = middle
        }
    }

    @Test func thereIsAPlaceBeforeTheFirstAndAfterTheLast() throws {
        for order in [0, -1e15, 1e15, 9e15, 1.7e308, -1.7e308] {
            let place = Place(order: order, rank: "i")
            #expect(try #require(Place.between(place, nil, rank: "i")) > place, "\(order)")
            #expect(try #require(Place.between(nil, place, rank: "i")) < place, "\(order)")
        }
        let equal = (Place(order: 3, rank: "01a"), Place(order: 3, rank: "01b"))
        let middle = try #require(Place.between(equal.0, equal.1, rank: "zz"))
        #expect(equal.0 < middle && middle < equal.1)
    }

    @Test func aRoutinesInputsStandWhereTheirNamesDo() throws {
        let routine = Routine(
            id: "r", workspaceID: "default", name: "Release", description: "",
            inputs: [.init(name: "version", required: true), .init(name: "note", required: false)],
            tasks: [.init(title: "Tag {{version}}", description: "git tag {{ version }} -m '{{note}}' {{ not a name }}")],
            createdAt: Self.now, updatedAt: Self.now)
        let tasks = try RoutineRules.fill(routine, with: ["version": .string("1.2"), "note": .integer(7)])
        #expect(tasks == [.init(title: "Tag 1.2", description: "git tag 1.2 -m '7' ")])
        #expect(throws: ServiceError.self) { try RoutineRules.fill(routine, with: [:]) }
    }

    @Test func aCodeLinksAddressSaysWhoseItIs() {
        #expect(CodeAddress("https://github.com/o/r/pull/7")?.number == 7)
        #expect(CodeAddress("https://github.com/o/r/pull/7?x=1")?.repository == "o/r")
        #expect(CodeAddress("https://gitlab.example/g/s/p/-/merge_requests/12")?.repository == "g/s/p")
        #expect(CodeAddress("https://example.org/x")?.provider == "other")
        for bad in ["", "javascript:alert(1)", "ftp://x/y", "https://", "https://host", "https://h ost/x"] {
            #expect(CodeAddress(bad) == nil, "\(bad)")
        }
    }

    @Test func aPrefixIsShortAndInCapitals() throws {
        #expect(try CrewRules.prefix("eng") == "ENG")
        #expect(try CrewRules.prefix("") == nil)
        #expect(throws: ServiceError.self) { try CrewRules.prefix("E-1") }
        #expect(throws: ServiceError.self) { try CrewRules.prefix("ABCDEFGHIJK") }
    }
}
