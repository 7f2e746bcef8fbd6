/// Lets many work at once, or one alone. Who waits to be alone comes before those who come later.
final class SharedTurn: Sendable {
    private struct State {
        var workers = 0
        var isAlone = false
        var waitingToBeAlone = 0
    }

    private let state = Monitor(State())

    /// Works beside others, and never beside one who is alone. Not to be called from within itself.
    func shared<R>(_ body: () throws -> R) rethrows -> R {
        state.wait { state in
            guard !state.isAlone, state.waitingToBeAlone == 0 else { return false }
            state.workers += 1
            return true
        }
        defer { state.change { $0.workers -= 1 } }
        return try body()
    }

    /// Works beside nobody.
    func alone<R>(_ body: () throws -> R) rethrows -> R {
        state.change { $0.waitingToBeAlone += 1 }
        state.wait { state in
            guard !state.isAlone, state.workers == 0 else { return false }
            (state.isAlone, state.waitingToBeAlone) = (true, state.waitingToBeAlone - 1)
            return true
        }
        defer { state.change { $0.isAlone = false } }
        return try body()
    }
}
