/// Rules about comments in Swift source.
enum CommentRules {
    /// A comment that draws a line instead of saying something.
    static func banners(_ file: SourceFile) -> [Fault] {
        zip(1..., file.swift.lines).compactMap { number, line in
            guard let comment = line.comment else { return nil }
            let text = comment.drop { $0 == "/" }
            let isBanner =
                text.contains(#/[-=*#~_+]{3,}/#) && !text.contains("|") && !text.contains("`") || comment.contains(#/^\/{4,}/#)
                || text.contains(#/^\s*MARK:/#)
            return isBanner ? file.fault(number, "a banner comment: a type or a file of its own says it better") : nil
        }
    }

    /// Code that was switched off: the history keeps it better. Doc comments may quote code and are not looked at.
    static func code(_ file: SourceFile) -> [Fault] {
        zip(1..., file.swift.lines).compactMap { number, line in
            guard let comment = line.comment, comment.hasPrefix("//"), !comment.hasPrefix("///") else { return nil }
            let text = comment.drop { $0 == "/" || $0 == " " }
            return looksLikeCode(text) ? file.fault(number, "code in a comment: delete it") : nil
        }
    }

    private static func looksLikeCode(_ text: Substring) -> Bool {
        if text.contains(#/^(private |public |static |mutating )*(let|var) \w+(\s*[:=].*|$)/#) { return true }
        if text.contains(#/^(private |public |static |mutating )*func \w+[(<]/#) { return true }
        if text.contains(#/^(@\w+ )*import \w+$/#) { return true }
        if text.contains(#/^(if|guard|for|while|switch) .*\{$/#) || text.contains(#/^guard .+ else \{/#) { return true }
        if text.contains(#/^\}( else \{)?[);]*$/#) { return true }
        if text.contains(#/^(return|try|await|throw) [\w.!?]+(\(.*\))?$/#), text.contains("(") || text.contains(".") {
            return true
        }
        if text.contains(#/^[a-z]\w*(\.\w+)*\(.*\)$/#) { return true }
        return text.contains(#/^[a-z]\w*(\.\w+)* [-+*]?= \S+$/#)
    }
}
