/// How urgent a task or an issue is, low to high (seed 003).
public enum Priority: String, Codable, Sendable, Hashable, CaseIterable {
    case none, low, medium, high, urgent

    /// 0 for none to 4 for urgent, for ordering.
    public var rank: Int {
        switch self {
        case .none: 0
        case .low: 1
        case .medium: 2
        case .high: 3
        case .urgent: 4
        }
    }
}
