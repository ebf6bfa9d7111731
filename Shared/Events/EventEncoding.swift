import JSONCoding
import Models

/// Events as bytes. The entity inside is already JSON, so events are spliced together and nothing is encoded twice.
enum EventEncoding {
    private struct Head: Encodable {
        let id: String
        let type: String
        let service: String
        let workspaceID: String
        let projectID: String?
        let subjectID: String
        let time: Timestamp
        let actor: Actor?

        enum CodingKeys: String, CodingKey {
            case id, type, service, workspaceID = "workspace_id", projectID = "project_id", subjectID = "subject_id", time, actor
        }
    }

    /// An event without its sequence: `"id":…,"data":{…}}`, to be completed by `page`.
    static func encode(
        id: String, type: String, service: String, workspace: String, project: String?, subject: String, time: Timestamp,
        actor: Actor?, data: [UInt8]
    ) throws -> [UInt8] {
        let head = Head(
            id: id, type: type, service: service, workspaceID: workspace, projectID: project, subjectID: subject, time: time,
            actor: actor)
        let members = try JSON.encode(head)[...].dropFirst().dropLast()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(members.count + data.count + 16)
        bytes.append(contentsOf: members)
        bytes.append(contentsOf: ",\"data\":".utf8)
        bytes.append(contentsOf: data.isEmpty ? RawJSON.null.bytes : data)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// The whole event.
    static func complete(sequence: Int64, event: [UInt8]) -> [UInt8] {
        Array("{\"sequence\":\(sequence),".utf8) + event
    }

    static func page(_ rows: [(sequence: Int64, event: [UInt8])], start: Int64, last: Int64) -> [UInt8] {
        var bytes = Array("{\"start\":\(start),\"events\":[".utf8)
        for (index, row) in rows.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: complete(sequence: row.sequence, event: row.event))
        }
        bytes.append(contentsOf: "],\"last\":\(last)}".utf8)
        return bytes
    }
}

/// One page of a feed.
public struct EventPage: Codable, Sendable {
    /// The sequence that the page begins after.
    public let start: Int64?
    public let events: [Event]
    /// How far the page reaches: the reader goes on after it.
    public let last: Int64
}
