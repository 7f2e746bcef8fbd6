import Synchronization

/// How many bytes of requests' bodies may be held at once, over all connections.
final class ByteBudget: Sendable {
    private let limit: Int
    private let held = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// Takes bytes; false where there is no room for them. What is larger than everything is taken alone.
    func take(_ count: Int) -> Bool {
        held.withLock { held in
            guard held == 0 || held + count <= limit else { return false }
            held += count
            return true
        }
    }

    func give(_ count: Int) { held.withLock { $0 -= count } }
}
