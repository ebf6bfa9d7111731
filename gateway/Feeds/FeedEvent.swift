import Events
import HTTP
import Models
import Synchronization

/// One event on its way to subscribers. What they get is encoded when the first of them needs it, and is the same bytes for all.
final class FeedEvent: Sendable {
    /// The service's place in a position.
    let service: Int
    let sequence: Int64
    let type: String
    let workspace: String
    let project: String?
    let subject: String
    /// How far a subscriber is that has had this event, and all before it.
    let position: FeedPosition
    /// About what it takes in memory once it is encoded.
    let bytes: Int

    private struct Encoded {
        var stream: [UInt8]?
        var frames: [(channel: String, bytes: [UInt8])] = []
    }

    /// All members behind `type` and `channel`.
    private struct Rest: Encodable {
        let id: String
        let service: String
        let workspaceID: String
        let projectID: String?
        let subjectID: String
        let time: Timestamp
        let actor: Actor?
        let payload: RawJSON

        enum CodingKeys: String, CodingKey {
            case id, service, workspaceID = "workspace_id", projectID = "project_id", subjectID = "subject_id", time, actor
            case payload
        }
    }

    private let rest: [UInt8]
    private let encoded = Mutex(Encoded())

    init(_ event: Event, of service: Int, at position: FeedPosition) throws {
        self.service = service
        self.position = position
        sequence = event.sequence
        type = event.type
        workspace = event.workspaceID
        project = event.projectID
        subject = event.subjectID
        rest = try JSON.encode(
            Rest(
                id: event.id, service: event.service, workspaceID: event.workspaceID, projectID: event.projectID,
                subjectID: event.subjectID, time: event.time, actor: event.actor, payload: event.data))
        bytes = rest.count * 3 + 512
    }

    /// The event as a server-sent one; its id is its position.
    var streamed: [UInt8] {
        encoded.withLock { encoded in
            if let known = encoded.stream { return known }
            let made = streamed(at: position)
            encoded.stream = made
            return made
        }
    }

    /// The same for a subscriber that is at another position after it.
    func streamed(at position: FeedPosition) -> [UInt8] {
        ServerSentEvents.encode(event: type, id: position.text, data: message(on: "workspace:" + workspace))
    }

    /// The event as a frame of a WebSocket, on a channel by the name that its subscribers use.
    func frame(on channel: String) -> [UInt8] {
        encoded.withLock { encoded in
            if let known = encoded.frames.first(where: { $0.channel == channel }) { return known.bytes }
            let made = WebSocketFrame.text(message(on: channel))
            if encoded.frames.count < FeedEvent.framesMax { encoded.frames.append((channel, made)) }
            return made
        }
    }

    /// Workspace, project and run, each by its id and its slug, are as many names as an event's channels usually have.
    private static let framesMax = 8

    /// `{"type":…,"channel":…,…,"payload":…}`, the same on every surface.
    private func message(on channel: String) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(rest.count + type.utf8.count + channel.utf8.count + 32)
        message.append(contentsOf: "{\"type\":".utf8)
        message.append(contentsOf: JSON.quoted(type))
        message.append(contentsOf: ",\"channel\":".utf8)
        message.append(contentsOf: JSON.quoted(channel))
        message.append(UInt8(ascii: ","))
        message.append(contentsOf: rest.dropFirst())
        return message
    }
}
