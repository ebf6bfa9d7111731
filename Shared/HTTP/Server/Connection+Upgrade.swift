import Loops

extension Connection {
    /// Sends the 101 and lets the other protocol have the connection, until it is done with it. False: the connection ends.
    func send(_ upgrade: ResponseUpgrade, of response: Response, to head: RequestHead?) async throws -> Bool {
        // RFC 9110 §7.8: an upgrade in an HTTP/1.0 request is ignored. A handler that gives one all the same has no other answer.
        guard let head, head.minorVersion >= 1, content.isAtEnd else {
            try await send(part.server.renderError(HTTPError(.badRequest, "upgrade: needs HTTP/1.1 and no body")), to: head)
            return false
        }
        let date = part.date.line()
        append { HeadWriter.write(response, content: .unsaid, persistence: .implied, date: date, into: &$0) }
        try await drained()
        part.takeBack(output.release())
        let upgraded = UpgradedConnection(self)
        self.upgraded = upgraded
        phase = .upgraded
        await upgrade.serve(upgraded)
        await upgraded.drained()
        upgraded.end()
        phase = .handling
        if let failure { throw failure }
        return false
    }
}
