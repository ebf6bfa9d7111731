import HTTP
import Identity
import Loops
import Models
import Service

/// One client of `/ws`: says who it is, subscribes to channels, and gets their events. Confined to its loop.
final class SocketSession: @unchecked Sendable {  // Confined to its WebSocket's loop.
    private let feeds: Feeds
    private let token: SocketToken
    private let limits: SocketLimits
    private let socket: WebSocket
    /// The workspace that the client asked for; what it belongs to is known with the credential.
    private let asked: String?
    private var caller: FeedCaller?
    private var members: [SocketMember] = []
    private var rate = CommandRate()
    private var timer: Timer?
    private var isChecking = false

    init(_ feeds: Feeds, _ token: SocketToken, _ limits: SocketLimits, _ socket: WebSocket, asked: String?, _ caller: FeedCaller?)
    {
        self.feeds = feeds
        self.token = token
        self.limits = limits
        self.socket = socket
        self.asked = asked
        self.caller = caller
    }

    /// Answers until the WebSocket is over.
    func run() async {
        feeds.metrics.sockets.add()
        timer = socket.loop.timer { [weak self] in self?.timeIsUp() }
        timer?.reset(caller == nil ? limits.authenticationMax : limits.checkInterval)
        while let message = await socket.receive() {
            guard rate.take() else {
                socket.close(.policyViolation, "too many messages")
                break
            }
            switch message {
            case .text(let bytes): await take(bytes)
            case .binary: socket.close(.unsupportedData, "commands are text")
            }
        }
        timer?.cancel()
        for member in members { feeds.parts.current?.leave(member.channel, member) }
        members = []
        feeds.metrics.sockets.add(-1)
    }

    /// Sends a member's events in a turn of its own.
    func schedule(_ member: SocketMember) {
        socket.loop.execute { [self] in
            if let caller, caller.isDue { check() } else { deliver(member) }
        }
    }

    private func take(_ bytes: [UInt8]) async {
        let command: SocketCommand
        do {
            command = try JSON.decode(SocketCommand.self, from: bytes)
        } catch let error as any InputError {
            return answer(.error("not a command: \(error.message)"))
        } catch {
            return answer(.error("not a command"))
        }
        do {
            switch command.type {
            case "ping": answer(SocketAnswer(type: "pong"))
            case "auth": try await authenticate(command.token)
            case "subscribe": try await subscribe(command.channel)
            case "unsubscribe": try unsubscribe(command.channel)
            default: answer(.error("unknown type: auth, subscribe, unsubscribe and ping are known"))
            }
        } catch {
            answer(.error(ErrorRendering.serviceError(error).message, channel: command.channel))
        }
    }

    private func answer(_ answer: SocketAnswer) {
        // try?: words and ids always encode.
        guard let bytes = try? JSON.encode(answer) else { return }
        socket.offer(CollectionOfOne(WebSocketFrame.text(bytes)))
    }
}

extension SocketSession {
    /// The first message of a client whose upgrade carried no credential.
    private func authenticate(_ text: String?) async throws {
        guard caller == nil else { throw ServiceError.conflict("already authenticated") }
        do {
            let now = feeds.accounts.clock.now()
            guard let text else { throw ServiceError.unauthenticated }
            let credential = text.hasPrefix(SocketToken.prefix) ? try token.open(text, now: now) : Credential(bearer: text)
            let verified = try await feeds.accounts.verifier.verify(credential, now: now)
            _ = try FeedRights(of: verified.principal, in: verified.principal.workspace(asked: asked))
            caller = FeedCaller(feeds.accounts, credential, verified.principal)
        } catch let error as ServiceError where error.kind == .unauthenticated || error.kind == .forbidden {
            answer(.error(error.kind == .forbidden ? error.message : "authentication failed"))
            return socket.close(.policyViolation, "authentication failed")
        }
        timer?.reset(limits.checkInterval)
        answer(SocketAnswer(type: "authenticated", payload: .init(workspaceID: caller?.principal.workspace(asked: asked))))
    }

    private func subscribe(_ name: String?) async throws {
        guard let name, !name.isEmpty else { throw ServiceError.invalid("channel", "required") }
        guard let caller else { throw ServiceError(.unauthenticated, "authenticate first") }
        guard members.reduce(0, { $0 + $1.names.count }) < SocketLimits.channelsMax else {
            throw ServiceError(.rateLimited, "at most \(SocketLimits.channelsMax) channels")
        }
        if members.contains(where: { $0.names.contains { $0.name == name } }) { return subscribed(name) }
        guard let (workspace, channel) = try await channel(name, for: caller.principal),
            let rights = rights(of: caller.principal, in: workspace)
        else { return answer(.error("access denied", channel: name)) }
        let member = try await member(of: workspace, rights)
        member.names.append(channel)
        subscribed(name)
    }

    private func subscribed(_ name: String) { answer(SocketAnswer(type: "subscribed", channel: name)) }

    private func unsubscribe(_ name: String?) throws {
        guard let name, !name.isEmpty else { throw ServiceError.invalid("channel", "required") }
        for member in members { member.names.removeAll { $0.name == name } }
        for member in members where member.names.isEmpty { feeds.parts.current?.leave(member.channel, member) }
        members.removeAll { $0.names.isEmpty }
        answer(SocketAnswer(type: "unsubscribed", channel: name))
    }

    /// What a channel's name means to a caller; nil when it means nothing that exists, or may be known.
    private func channel(_ name: String, for principal: Principal) async throws -> (workspace: String, channel: SocketChannel)? {
        guard name.utf8.count <= SocketLimits.channelBytesMax, let colon = name.firstIndex(of: ":") else { return nil }
        let reference = String(name[name.index(after: colon)...])
        guard !reference.isEmpty, reference.utf8.allSatisfy(PercentCoding.isUnreserved) else { return nil }
        let workspace = principal.workspace(asked: asked)
        switch name[..<colon] {
        case "workspace":
            return (principal.workspace(asked: reference), SocketChannel(name: name, subject: .workspace))
        case "project":
            guard rights(of: principal, in: workspace) != nil,
                let id = try await feeds.id(of: reference, at: "/api/projects/", .goals, in: workspace)
            else { return nil }
            return (workspace, SocketChannel(name: name, subject: .project(id)))
        case "run":
            guard rights(of: principal, in: workspace) != nil,
                let id = try await feeds.id(of: reference, at: "/runs-api/", .runs, in: workspace)
            else { return nil }
            return (workspace, SocketChannel(name: name, subject: .run(id)))
        default: return nil
        }
    }

    private func rights(of principal: Principal, in workspace: String) -> FeedRights? {
        do {
            return try FeedRights(of: principal, in: workspace)
        } catch {
            return nil
        }
    }

    private func member(of workspace: String, _ rights: FeedRights) async throws -> SocketMember {
        if let known = members.first(where: { $0.channel.workspace == workspace }) { return known }
        guard let part = feeds.parts.current else { throw ServiceError.internal("a feed off the event loops") }
        let member = SocketMember(self, try await part.enter(workspace), rights)
        member.channel.add(member)
        members.append(member)
        return member
    }

    private func deliver(_ member: SocketMember) {
        guard socket.isOpen else { return }
        guard let frames = member.takeFrames() else { return tooSlow() }
        guard !frames.isEmpty else { return }
        if socket.offer(frames) { feeds.metrics.delivered.add(frames.count) } else { feeds.metrics.dropped.add() }
    }

    private func tooSlow() {
        feeds.metrics.dropped.add()
        socket.close(.tryAgainLater, "events were missed")
    }

    /// Looks at the credential again, and then sends what has waited for that. One that has ended ends the connection.
    private func check() {
        guard let caller, !isChecking else { return }
        isChecking = true
        socket.loop.task { [self] in
            do {
                if try await caller.check() {
                    for member in members { member.rights = try FeedRights(of: caller.principal, in: member.channel.workspace) }
                }
                for member in members { deliver(member) }
            } catch let error as ServiceError where error.kind == .unauthenticated || error.kind == .forbidden {
                socket.close(.policyViolation, "the credential has ended")
            } catch {
                // It could not be found out; asked again with the next event, or soon.
            }
            isChecking = false
        }
    }

    private func timeIsUp() {
        guard socket.isOpen else { return }
        guard caller != nil else { return socket.close(.policyViolation, "authentication required") }
        timer?.reset(limits.checkInterval)
        check()
    }
}
