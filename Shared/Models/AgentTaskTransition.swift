/// One change of a task's status: who, why and when.
public struct TaskTransition: Codable, Sendable, Hashable {
    public var id: String
    public var taskID: String
    /// Counts a task's transitions from 1.
    public var sequence: Int
    /// Absent for the first: the task's making.
    public var from: TaskStatus?
    public var to: TaskStatus
    public var by: Actor
    /// A short sentence: `its last dependency was completed`.
    public var reason: String
    /// The run that caused it.
    public var runID: String?
    public var at: Timestamp

    public init(
        id: String, taskID: String, sequence: Int, from: TaskStatus?, to: TaskStatus, by: Actor, reason: String,
        runID: String? = nil, at: Timestamp
    ) {
        self.id = id
        self.taskID = taskID
        self.sequence = sequence
        self.from = from
        self.to = to
        self.by = by
        self.reason = reason
        self.runID = runID
        self.at = at
    }

    enum CodingKeys: String, CodingKey {
        case id, taskID = "task_id", sequence, from, to, by, reason, runID = "run_id", at
    }
}
