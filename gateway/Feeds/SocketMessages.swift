import HTTP

/// What a client says on `/ws`: `{"type":"subscribe","channel":"workspace:default"}`.
struct SocketCommand: Decodable {
    let type: String
    let channel: String?
    let token: String?
}

/// What the gateway says, beside events: `{"type":…,"channel"?:…,"payload"?:…}`.
struct SocketAnswer: Encodable {
    struct Payload: Encodable {
        var error: String?
        var workspaceID: String?

        enum CodingKeys: String, CodingKey { case error, workspaceID = "workspace_id" }
    }

    let type: String
    var channel: String?
    var payload: Payload?

    static func error(_ message: String, channel: String? = nil) -> SocketAnswer {
        SocketAnswer(type: "error", channel: channel, payload: Payload(error: message))
    }
}

/// A channel by the name that a client gives it.
struct SocketChannel: Sendable, Equatable {
    enum Subject: Sendable, Equatable {
        /// Everything that happens in the workspace.
        case workspace
        /// What happens in one project.
        case project(String)
        /// What happens to one run.
        case run(String)
    }

    let name: String
    let subject: Subject

    func takes(_ event: FeedEvent) -> Bool {
        switch subject {
        case .workspace: true
        case .project(let id): event.project == id || event.subject == id
        case .run(let id): event.subject == id
        }
    }
}
