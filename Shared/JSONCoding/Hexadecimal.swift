/// Hexadecimal digits, in either case.
public enum Hexadecimal {
    /// What a digit stands for, or nil when it is none.
    public static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }
}
