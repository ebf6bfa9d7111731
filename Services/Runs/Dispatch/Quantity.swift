/// Quantities as Kubernetes writes them: `4Gi`, `500M`, `1024`.
enum Quantity {
    private static let suffixes: [(String, Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776), ("k", 1e3), ("M", 1e6), ("G", 1e9),
        ("T", 1e12),
    ]

    /// Bytes; nil for what is no quantity of them.
    static func bytes(_ text: String) -> UInt64? {
        let (suffix, factor) = suffixes.first { text.hasSuffix($0.0) } ?? ("", 1)
        guard let number = Double(text.dropLast(suffix.count)), number.isFinite, number > 0, number * factor < 1e15 else {
            return nil
        }
        return UInt64(number * factor)
    }
}
