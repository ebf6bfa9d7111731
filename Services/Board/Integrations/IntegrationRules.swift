import Models

/// What the domain asks of a connection to a tracker. Pure functions.
enum IntegrationRules {
    static let credentialBytesMax = 8192

    static func make(
        _ input: CreateIntegration, project: String?, workspace: String, by actor: Actor, at time: Timestamp
    ) throws -> Integration {
        try check(credential: input.credential)
        let integration = Integration(
            id: Identifier.make("int", at: time), workspaceID: workspace, provider: input.provider, name: input.name,
            baseURL: input.baseURL, projectID: project, remote: input.remote, twoWay: input.twoWay ?? false,
            mapping: input.mapping,
            hasCredential: input.credential != nil, createdBy: actor, createdAt: time)
        try validate(integration)
        return integration
    }

    static func update(
        _ integration: Integration, with change: UpdateIntegration, project: String?, at time: Timestamp
    ) throws -> Integration {
        var integration = integration
        integration.name = try change.name.applied(to: integration.name, field: "name")
        integration.baseURL = change.baseURL.applied(to: integration.baseURL)
        integration.projectID = project
        integration.remote = try change.remote.applied(to: integration.remote, field: "remote")
        integration.twoWay = change.twoWay.applied(to: integration.twoWay) ?? false
        integration.mapping = change.mapping.applied(to: integration.mapping)
        switch change.credential {
        case .absent: break
        case .null: integration.hasCredential = false
        case .value(let credential):
            try check(credential: credential)
            integration.hasCredential = true
        }
        try validate(integration)
        integration.updatedAt = time
        return integration
    }

    private static func check(credential: String?) throws {
        guard let credential else { return }
        try Check.text(credential, "credential", bytesMax: credentialBytesMax)
        guard !credential.isEmpty else { throw ServiceError.invalid("credential", "must not be empty") }
    }

    private static func validate(_ integration: Integration) throws {
        try Check.name(integration.name)
        try Check.name(integration.remote, "remote", lengthMax: 400)
        guard let url = integration.baseURL else { return }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.count <= 2048 else {
            throw ServiceError.invalid("base_url", "must be an http or https address")
        }
    }
}
