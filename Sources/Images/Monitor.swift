import Foundation
import Synchronization

/// A state that threads change, and wait for.
final class Monitor<State: Sendable>: Sendable {
    private let state: Mutex<State>
    private let changed = NSCondition()

    init(_ state: State) { self.state = Mutex(state) }

    /// Calls `begin` after each change until it says that the wait is over.
    func wait(until begin: (inout State) -> Bool) {
        changed.lock()
        while !state.withLock({ begin(&$0) }) { changed.wait() }
        changed.unlock()
    }

    func change(_ body: (inout State) -> Void) {
        changed.lock()
        state.withLock { body(&$0) }
        changed.broadcast()
        changed.unlock()
    }
}
