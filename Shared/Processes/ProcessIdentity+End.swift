import CSystem
import Glibc
import Loops

extension ProcessIdentity {
    /// Returns when the process has ended, whoever's child it is; at once when it has. Called on a loop.
    public func ended() async {
        let descriptor = nexus_pidfd_open(pid)
        guard descriptor >= 0 else { return }
        // The descriptor holds on to whoever has the number now; when that is not the right one, the right one has ended.
        guard isAlive, let loop = EventLoop.current, let channel = try? Channel(adopting: descriptor, on: loop) else {
            // try?: without room for one more descriptor the end is looked for now and then.
            close(descriptor)
            // try?: a cancelled task waits no longer.
            while isAlive, !Task.isCancelled { try? await EventLoop.sleep(for: .milliseconds(200)) }
            return
        }
        defer { channel.close() }
        // try?: a cancelled task waits no longer.
        while isAlive, !Task.isCancelled { try? await channel.waitReadable() }
    }
}
