import Models

/// How far a reader of all nine outboxes is: for each service the last sequence that it has had. It is what a client resumes by
/// (`Last-Event-ID`): the services keep their events for seven days, so it outlives the gateway and says exactly what is missing.
///
/// A service that could not be reached when a feed began has a time instead: what it has to tell since then is still to come.
struct FeedPosition: Sendable, Equatable {
    /// In the order of `ServiceName.allCases`. A sequence, or a time in negative milliseconds: every sequence is larger than
    /// every time, and an earlier time than a later one, so that the greater of two is always the one that knows of more.
    private(set) var values: [Int64]

    init(_ values: [Int64]) { self.values = values }

    /// A time that stands for what a service will have told by then.
    static func since(_ time: Timestamp) -> Int64 { -max(1, time.milliseconds) }

    subscript(_ service: Int) -> Int64 {
        get { values[service] }
        set { values[service] = newValue }
    }

    /// Whether everything that `other` has had, this one has had too.
    func covers(_ other: FeedPosition) -> Bool {
        for index in values.indices where values[index] < other.values[index] { return false }
        return true
    }

    /// As a client keeps it: the numbers in base 36 between dots, times behind a tilde, nothing for 0.
    var text: String {
        values.map { value in
            value == 0 ? "" : value < 0 ? "~" + String(-value, radix: 36) : String(value, radix: 36)
        }.joined(separator: ".")
    }

    /// Reads `text`; nil for what no feed has given out. A service that the text does not know yet is read from its beginning.
    init?(_ text: String) {
        guard text.utf8.count <= FeedPosition.textBytesMax else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= ServiceName.allCases.count else { return nil }
        values = [Int64](repeating: 0, count: ServiceName.allCases.count)
        for (index, part) in parts.enumerated() where !part.isEmpty {
            let isTime = part.first == "~"
            let digits = isTime ? part.dropFirst() : part
            guard digits.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) }),
                let number = Int64(digits, radix: 36), !isTime || number > 0
            else { return nil }
            values[index] = isTime ? -number : number
        }
    }

    /// Nine numbers of 64 bits in base 36, and what stands between.
    private static let textBytesMax = 160
}

extension ServiceName {
    /// Its place in a `FeedPosition`.
    var feedIndex: Int { ServiceName.allCases.firstIndex(of: self) ?? 0 }
}
