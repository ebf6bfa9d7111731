/// What a client would take (RFC 9110 §12.5.1).
public enum Accept {
    private struct Range {
        let type: String
        let subtype: String
        let quality: Double

        /// How exactly the range names a type: 0 when it does not.
        func specificity(_ type: String, _ subtype: String) -> Int {
            if self.type == type { return self.subtype == subtype ? 3 : self.subtype == "*" ? 2 : 0 }
            return self.type == "*" && self.subtype == "*" ? 1 : 0
        }
    }

    /// The best of some media types (`text/event-stream`), the first of equals; nil when the client takes none of them.
    /// - Parameter header: the `Accept` value; nil takes anything. What is malformed in it is passed over.
    public static func best(of offered: [String], for header: String?) -> String? {
        let ranges = (header ?? "*/*").split(separator: ",").compactMap { range(String($0)) }
        guard !ranges.isEmpty else { return offered.first }
        var best: (type: String, quality: Double)?
        for offer in offered {
            let parts = offer.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            var chosen = (specificity: 0, quality: 0.0)
            for range in ranges {
                let specificity = range.specificity(parts[0], parts[1])
                if specificity > chosen.specificity { chosen = (specificity, range.quality) }
            }
            if chosen.quality > (best?.quality ?? 0) { best = (offer, chosen.quality) }
        }
        return best?.type
    }

    private static func range(_ text: String) -> Range? {
        var reader = FieldReader(Array(text.utf8)[...])
        reader.skipSpace()
        guard let type = reader.token(), reader.take(UInt8(ascii: "/")), let subtype = reader.token(),
            let parameters = reader.parameters()
        else { return nil }
        let quality = parameters.first { $0.name == "q" }.map { Double($0.value) ?? 0 } ?? 1
        return Range(type: type.lowercased(), subtype: subtype.lowercased(), quality: min(max(quality, 0), 1))
    }
}
