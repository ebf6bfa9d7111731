import HTTP
import Loops
import Models
import Service
import Storage

/// Files attached to issues, on the tracker's and the crews' surface.
struct AttachmentHandlers: Sendable {
    /// What a form has besides its file: boundaries and heads of parts.
    private static let formBytesMax = 64 * 1024
    private static let nameLengthMax = 255
    private static let typeBytesMax = 255
    /// Parts before and after the file.
    private static let partsMax = 20
    /// How often files are looked after when nothing was released.
    private static let sweepSeconds = 3600

    let desk: IssueDesk
    let files: AttachmentFiles

    private var ledger: IssueLedger { desk.ledger }
    private var store: AttachmentStore { desk.ledger.attachments }

    func upload(_ call: Call) async throws -> CreatedReply<TrackerAttachment> {
        let attachment = try await keep(call) { try desk.issue(call, in: $0) }
        let view = TrackerAttachment(attachment)
        return CreatedReply(view, at: view.downloadUrl)
    }

    func list(_ call: Call) async throws -> BareList<TrackerAttachment> {
        let page = try await page(call) { try desk.issue(call, in: $0) }
        return BareList(views: try page.items.map { TrackerAttachment(try $0.model()) }, nextCursor: page.nextCursor)
    }

    func download(_ call: Call) async throws -> Content<AnyMedia> {
        try file(try await call.read { try visible(call, "attachmentId", in: $0).model() }, call)
    }

    func delete(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            let attachment = try visible(call, "attachmentId", in: transaction).model()
            try remove(attachment, call, in: transaction)
            return NoContent()
        }
    }

    func uploadOfCrew(_ call: Call) async throws -> CreatedReply<CrewAttachment> {
        let attachment = try await keep(call) { try desk.issueOfCrew(call, in: $0) }
        let view = CrewAttachment(attachment, at: String(decoding: call.request.path, as: UTF8.self))
        return CreatedReply(view, at: view.downloadURL)
    }

    func listOfCrew(_ call: Call) async throws -> BareList<CrewAttachment> {
        let page = try await page(call) { try desk.issueOfCrew(call, in: $0) }
        let path = String(decoding: call.request.path, as: UTF8.self)
        return BareList(views: try page.items.map { CrewAttachment(try $0.model(), at: path) }, nextCursor: page.nextCursor)
    }

    func downloadOfCrew(_ call: Call) async throws -> Content<AnyMedia> {
        try file(try await call.read { try ofCrew(call, in: $0) }, call)
    }

    func deleteOfCrew(_ call: Call) async throws -> NoContent {
        try await call.write { transaction in
            try remove(try ofCrew(call, in: transaction), call, in: transaction)
            return NoContent()
        }
    }

    /// Removes, now and whenever some are released, the files that nobody refers to any longer; and at the start what uploads
    /// have left that were cut short. Until it is cancelled.
    func sweep() async throws {
        let (files, store, database) = (files, store, ledger.environment.database)
        let found = try await files.queue.perform {
            files.removeUploads()
            return files.all()
        }
        for sha256 in found {
            try await database.write { transaction in
                if try !store.isUsed(sha256, in: transaction), files.remove(sha256) {
                    try store.forget(sha256, in: transaction)
                }
            }
        }
        while !Task.isCancelled {
            let seen = store.released.value
            let unused = try await database.read { try store.unused(in: $0) }
            if !unused.isEmpty {
                try await database.write { transaction in
                    // Looked up anew: in this transaction none of them is referred to again meanwhile.
                    for sha256 in try store.unused(in: transaction) where files.remove(sha256) {
                        try store.forget(sha256, in: transaction)
                    }
                }
            }
            _ = try await store.released.wait(past: seen, within: .seconds(AttachmentHandlers.sweepSeconds))
        }
    }

    private func page(
        _ call: Call, _ issue: @escaping @Sendable (any SQLReader) throws -> Stored<Issue>
    ) async throws -> Page<Attachment> {
        let query = try call.page(order: [.ascending("id")], limit: TrackerHandlers.listLimit)
        return try await call.read { try store.list(query, of: try issue($0).id, workspace: call.workspace, in: $0) }
    }

    /// Takes the form's file. That the issue is there is looked at before a gigabyte is taken, and again with the row.
    private func keep(
        _ call: Call, _ find: @escaping @Sendable (any SQLReader) throws -> Stored<Issue>
    ) async throws -> Attachment {
        _ = try await call.read { try find($0).id }
        let limit = call.environment.configuration.attachmentBytesMax
        if let length = call.request.body.length, length > limit + AttachmentHandlers.formBytesMax {
            throw HTTPError.contentTooLarge(limit: limit)
        }
        let form = try MultipartReader(
            call.request.body, contentType: call.request.headers["content-type"], partsMax: AttachmentHandlers.partsMax)
        while let part = try await form.next() {
            guard part.name == "file" else { continue }
            let name = String((part.fileName ?? "file").prefix(AttachmentHandlers.nameLengthMax))
            let type = AttachmentHandlers.type(part.contentType)
            return try await files.keep(part, upTo: limit) { kept in
                // What comes after the file belongs to the form: one that breaks off leaves nothing.
                while try await form.next() != nil {}
                return try await add(kept, name, type, call, find)
            }
        }
        throw ServiceError.invalid("file", "required: a part of the form that is called file")
    }

    private func add(
        _ kept: AttachmentFiles.Kept, _ name: String, _ type: String, _ call: Call,
        _ find: @escaping @Sendable (any SQLReader) throws -> Stored<Issue>
    ) async throws -> Attachment {
        try await call.environment.database.write { transaction in
            let issue = try find(transaction)
            let attachment = Attachment(
                id: Identifier.make("att", at: call.now), issueID: issue.id, fileName: name, contentType: type,
                bytes: kept.bytes, sha256: kept.sha256, createdBy: call.actor, createdAt: call.now)
            try store.insert(attachment, workspace: call.workspace, in: transaction)
            try ledger.note("attached", of: issue.id, call.cause, details: name, subject: attachment.id, in: transaction)
            try ledger.touch(issue, call.cause, in: transaction)
            return attachment
        }
    }

    private func remove(_ attachment: Attachment, _ call: Call, in transaction: Transaction) throws {
        try store.delete(attachment, workspace: call.workspace, in: transaction)
        try ledger.note(
            "attachment_deleted", of: attachment.issueID, call.cause, details: attachment.fileName, subject: attachment.id,
            in: transaction)
        guard let issue = try ledger.issues.find(attachment.issueID, workspace: call.workspace, in: transaction) else { return }
        try ledger.touch(issue, call.cause, in: transaction)
    }

    private func visible(_ call: Call, _ parameter: StaticString, in reader: any SQLReader) throws -> Stored<Attachment> {
        let stored = try store.get(call.parameter(parameter), workspace: call.workspace, in: reader)
        guard let run = call.principal.run else { return stored }
        let issue = try ledger.issues.find(try stored.model().issueID, workspace: call.workspace, in: reader)?.model()
        guard let issue, issue.projectID != nil, issue.projectID == run.projectID else {
            throw ServiceError.notFound(Attachment.noun)
        }
        return stored
    }

    private func ofCrew(_ call: Call, in reader: any SQLReader) throws -> Attachment {
        let issue = try desk.issueOfCrew(call, in: reader)
        let attachment = try store.get(call.parameter("id"), workspace: call.workspace, in: reader).model()
        guard attachment.issueID == issue.id else { throw ServiceError.notFound(Attachment.noun) }
        return attachment
    }

    /// The file, or a part of it (`Range`), for a browser to keep and not to show: it is somebody's upload.
    private func file(_ attachment: Attachment, _ call: Call) throws -> Content<AnyMedia> {
        let file = FileResponse(
            path: files.path(attachment.sha256), contentType: attachment.contentType, fileName: attachment.fileName,
            entityTag: EntityTag(attachment.sha256))
        return Content(try file.response(to: call.request))
    }

    /// The media type to keep, of what was sent.
    private static func type(_ sent: String?) -> String {
        guard let sent, sent.utf8.count <= typeBytesMax, let type = MediaType(sent), type.type != "multipart" else {
            return "application/octet-stream"
        }
        return sent
    }
}

/// An attachment as the tracker surface shows it.
struct TrackerAttachment: Codable, Sendable {
    let id: String
    let issueId: String
    let fileName: String
    let contentType: String
    let size: Int64
    let sha256: String
    let downloadUrl: String
    let uploadedBy: Actor
    let createdAt: Timestamp

    init(_ attachment: Attachment) {
        id = attachment.id
        issueId = attachment.issueID
        fileName = attachment.fileName
        contentType = attachment.contentType
        size = attachment.bytes
        sha256 = attachment.sha256
        downloadUrl = "/api/projects/attachments/\(attachment.id)/download"
        uploadedBy = attachment.createdBy
        createdAt = attachment.createdAt
    }
}

/// An attachment as the crews surface shows it.
struct CrewAttachment: Codable, Sendable {
    let id: String
    let issueID: String
    let fileName: String
    let contentType: String
    let sizeBytes: Int64
    let sha256: String
    let downloadURL: String
    let createdBy: Actor
    let createdAt: Timestamp

    /// - Parameter path: of the issue's attachments.
    init(_ attachment: Attachment, at path: String) {
        id = attachment.id
        issueID = attachment.issueID
        fileName = attachment.fileName
        contentType = attachment.contentType
        sizeBytes = attachment.bytes
        sha256 = attachment.sha256
        downloadURL = "\(path)/\(attachment.id)"
        createdBy = attachment.createdBy
        createdAt = attachment.createdAt
    }

    enum CodingKeys: String, CodingKey {
        case id, issueID = "issue_id", fileName = "file_name", contentType = "content_type", sizeBytes = "size_bytes", sha256
        case downloadURL = "download_url", createdBy = "created_by", createdAt = "created_at"
    }
}
