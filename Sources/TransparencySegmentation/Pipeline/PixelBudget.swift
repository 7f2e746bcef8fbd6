import Synchronization

/// How many pixels a pipeline may still take in; its reader, one task, waits for them in the order of the items.
///
/// What the items of a batch come to is at most half of all, so that a batch can always be read when those before it are finished; an item that
/// is larger waits to be the only one.
final class PixelBudget: Sendable {
    private struct State {
        var held = 0
        var isClosed = false
        var waiting: (pixels: Int, reader: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Returns when there is room, which the pixels then take.
    func take(_ pixels: Int) async {
        guard pixels > 0 else { return }
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                if hasRoom(pixels, state) {
                    state.held += pixels
                    return true
                }
                state.waiting = (pixels, continuation)
                return false
            }
            if isIn { continuation.resume() }
        }
    }

    /// Makes room again.
    func give(_ pixels: Int) {
        resume { $0.held -= pixels }
    }

    /// Lets in whoever waits: nothing is read any more.
    func close() {
        resume { $0.isClosed = true }
    }

    private func resume(_ change: (inout State) -> Void) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            guard let waiting = state.waiting, hasRoom(waiting.pixels, state) else { return nil }
            state.held += waiting.pixels
            state.waiting = nil
            return waiting.reader
        }
        reader?.resume()
    }

    private func hasRoom(_ pixels: Int, _ state: State) -> Bool {
        state.isClosed || state.held == 0 || pixels <= limit - state.held
    }
}
