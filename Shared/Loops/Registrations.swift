import CSystem
import Glibc

/// A descriptor that a loop's epoll watches. Confined to its loop.
public class Registration: @unchecked Sendable {  // Confined to its loop's thread.
    public let loop: EventLoop
    /// The descriptor; closed or not is its owner's business.
    public let descriptor: Int32
    /// 0 when it is not registered.
    fileprivate(set) var id: UInt64 = 0

    init(_ descriptor: Int32, on loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    /// What epoll reported.
    func handle(_ events: UInt32) {}
}

/// What a loop's epoll watches, by a number that carries a generation: an event that was fetched before its descriptor was
/// closed, and is looked at after the number was given to another one, finds nothing.
struct Registrations {
    private struct Slot {
        var generation: UInt32
        var registration: Registration?
    }

    /// Slot 0 is the loop's own wake-up.
    private var slots = [Slot(generation: 0, registration: nil)]
    private var free: [Int] = []
    let epoll: Int32

    init(epoll: Int32) { self.epoll = epoll }

    /// - Throws: `SystemError` when epoll does not take the descriptor (a regular file, for one).
    mutating func add(_ registration: Registration, events: UInt32) throws(SystemError) {
        let index: Int
        if let reused = free.popLast() {
            index = reused
        } else {
            index = slots.count
            slots.append(Slot(generation: 0, registration: nil))
        }
        slots[index].generation &+= 1
        let id = UInt64(slots[index].generation) << 32 | UInt64(index)
        var result = nexus_epoll_control(epoll, EPOLL_CTL_ADD, registration.descriptor, events, id)
        if result < 0, errno == EEXIST {
            result = nexus_epoll_control(epoll, EPOLL_CTL_MOD, registration.descriptor, events, id)
        }
        guard result == 0 else {
            free.append(index)
            throw SystemError("epoll_ctl")
        }
        slots[index].registration = registration
        registration.id = id
    }

    func modify(_ registration: Registration, events: UInt32) throws(SystemError) {
        guard nexus_epoll_control(epoll, EPOLL_CTL_MOD, registration.descriptor, events, registration.id) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// Forgets a registration. Its descriptor may have been closed already: epoll has dropped it then.
    mutating func remove(_ registration: Registration) {
        guard registration.id != 0 else { return }
        let index = Int(registration.id & 0xFFFF_FFFF)
        _ = nexus_epoll_control(epoll, EPOLL_CTL_DEL, registration.descriptor, 0, 0)
        slots[index].registration = nil
        free.append(index)
        registration.id = 0
    }

    /// What an event is for, or nil when it is stale.
    func find(_ id: UInt64) -> Registration? {
        let slot = slots[Int(id & 0xFFFF_FFFF)]
        return slot.generation == UInt32(id >> 32) ? slot.registration : nil
    }
}
