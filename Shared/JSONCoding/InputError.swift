/// What is wrong with a client's input, naming the field: always a 400, always safe to show.
public protocol InputError: Error, Sendable {
    /// The field, as the client wrote it (`model.temperature`, `skills[2]`, `limit`); nil when it is the input as a whole.
    var field: String? { get }
    /// `title: required`, `body: malformed JSON at byte 12`.
    var message: String { get }
}
