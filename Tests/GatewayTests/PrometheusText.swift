/// Prometheus' text format, read strictly: what a scraper refuses, and what `promtool check metrics` finds fault with.
struct PrometheusText {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    private(set) var kinds: [String: String] = [:]
    private(set) var samples: [Sample] = []

    /// - Throws: `Problem`.
    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Problem(description: "does not end with a line feed") }
        var family = ""
        var seen = Set<String>()
        var help = ""
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# HELP ") {
                help = String(line.dropFirst(7).prefix { $0 != " " })
                guard line.count > 8 + help.count else { throw Problem(description: "no help: \(line)") }
            } else if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ").map(String.init)
                guard words.count == 4, words[2] == help, seen.insert(words[2]).inserted,
                    ["counter", "gauge", "histogram"].contains(words[3])
                else { throw Problem(description: "a family without its own help, or twice: \(line)") }
                family = words[2]
                kinds[family] = words[3]
                guard (words[3] == "counter") == family.hasSuffix("_total") else {
                    throw Problem(description: "\(family): counters, and they alone, end in _total")
                }
            } else {
                try add(line, of: family)
            }
        }
        try checkUnique()
        try checkHistograms()
    }

    func value(_ name: String, _ labels: [String: String]) -> Double? {
        samples.first { sample in sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value } }?.value
    }

    private mutating func add(_ line: Substring, of family: String) throws {
        guard let match = line.wholeMatch(of: #/([a-z_]+)(\{([^}]*(?:\{[^}]*\}[^}]*)*)\})? (\S+)/#),
            let value = Double(String(match.4))
        else { throw Problem(description: "no sample: \(line)") }
        let name = String(match.1)
        let suffixes = kinds[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { name == family + $0 }) else {
            throw Problem(description: "\(name) is not of the family \(family)")
        }
        var labels: [String: String] = [:]
        var rest = match.3 ?? ""
        while let label = rest.prefixMatch(of: #/([a-z_]+)="((?:[^"\\]|\\\\|\\"|\\n)*)",?/#) {
            guard labels.updateValue(String(label.2), forKey: String(label.1)) == nil else {
                throw Problem(description: "a label twice: \(line)")
            }
            rest = rest[label.range.upperBound...]
        }
        guard rest.isEmpty else { throw Problem(description: "bad labels: \(line)") }
        samples.append(Sample(name: name, labels: labels, value: value))
    }

    private func checkUnique() throws {
        var seen = Set<String>()
        for sample in samples {
            let key = sample.name + "\(sample.labels.sorted { $0.key < $1.key })"
            guard seen.insert(key).inserted else { throw Problem(description: "twice: \(key)") }
        }
    }

    /// Buckets rise, and the last is the count.
    private func checkHistograms() throws {
        var last: [String: (bound: Double, count: Double)] = [:]
        for sample in samples where sample.name.hasSuffix("_bucket") {
            var labels = sample.labels
            guard let bound = labels.removeValue(forKey: "le").flatMap({ $0 == "+Inf" ? .infinity : Double($0) }) else {
                throw Problem(description: "a bucket without its bound")
            }
            let key = String(sample.name.dropLast(7)) + "\(labels.sorted { $0.key < $1.key })"
            if let before = last[key], before.bound >= bound || before.count > sample.value {
                throw Problem(description: "buckets do not rise: \(key)")
            }
            last[key] = (bound, sample.value)
        }
        for sample in samples where sample.name.hasSuffix("_count") {
            let key = String(sample.name.dropLast(6)) + "\(sample.labels.sorted { $0.key < $1.key })"
            guard let end = last[key], end.bound == .infinity, end.count == sample.value else {
                throw Problem(description: "the last bucket is not the count: \(key)")
            }
        }
    }
}
