import HTTP
import Models
import Service
import Storage

/// The files that runs hand over.
struct ArtifactHandlers: Sendable {
    let transitions: RunTransitions
    let files: ArtifactFiles
    let store = ArtifactStore()

    /// Takes a file; one of that name that the attempt has handed over before is replaced.
    func upload(_ call: Call) async throws -> CreatedReply<Artifact> {
        let binding = try call.binding()
        let name = call.parameter("name")
        try ArtifactRules.check(name: name)
        // Before a gigabyte is taken, and again with the row.
        _ = try await call.read { try transitions.work.fence(binding.runID, attempt: binding.attempt, in: $0) }
        let kept = try await files.keep(
            call.request.body, of: binding.runID, upTo: call.environment.configuration.attachmentBytesMax)
        let artifact = Artifact(
            name: name, bytes: kept.bytes, sha256: kept.sha256,
            contentType: ArtifactRules.type(call.request.headers["content-type"]),
            createdAt: call.now)
        return try await call.write { transaction in
            _ = try transitions.work.fence(binding.runID, attempt: binding.attempt, in: transaction)
            try store.put(artifact, of: binding.runID, attempt: binding.attempt, in: transaction)
            return CreatedReply(artifact, at: "/runs-api/\(binding.runID)/artifacts/\(name)")
        }
    }

    func list(_ call: Call) async throws -> Reply<ArtifactList> {
        let id = try call.ownRunID()
        return Reply(
            try await call.read { reader in
                let run = try transitions.runs.run(id, in: call.workspace, reader).model()
                return ArtifactList(artifacts: try store.artifacts(of: id, attempt: run.attempt, reader))
            })
    }

    /// The file, or a part of it (`Range`), for a browser to keep and not to show: it is an agent's work.
    func download(_ call: Call) async throws -> Content<AnyMedia> {
        let id = try call.ownRunID()
        let name = call.parameter("name")
        let artifact = try await call.read { reader in
            let run = try transitions.runs.run(id, in: call.workspace, reader).model()
            return try store.artifact(name, of: id, attempt: run.attempt, reader)
        }
        let file = FileResponse(
            path: files.path(artifact.sha256, of: id), contentType: artifact.contentType, fileName: artifact.name,
            entityTag: EntityTag(artifact.sha256))
        return Content(try file.response(to: call.request))
    }
}
