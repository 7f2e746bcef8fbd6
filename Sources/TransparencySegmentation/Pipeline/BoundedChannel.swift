import Synchronization

/// Hands elements from one task to another in order; the sender waits while too many are under way.
final class BoundedChannel<Element: Sendable>: Sendable {
    private typealias Receiver = CheckedContinuation<Element?, Never>

    private struct State {
        var elements: [Element] = []
        var isFinished = false
        var isClosed = false
        var receiver: Receiver?
        /// How often somebody began to wait, by which one whose time is over knows whether it is still its own wait.
        var waitCount = 0
        var sender: CheckedContinuation<Void, Never>?

        mutating func takeSender() -> CheckedContinuation<Void, Never>? {
            defer { sender = nil }
            return sender
        }
    }

    private let state = Mutex(State())
    /// Elements that may wait here before the sender does.
    private let waitingLimit: Int

    /// - Parameter limit: Elements that may be on their way, that of a waiting sender included; at least 1.
    init(limit: Int) {
        waitingLimit = max(0, limit - 1)
    }

    /// Sends, and returns when there is room for one more. One task at a time may send.
    func send(_ element: Element) async {
        let receiver = state.withLock { state -> Receiver? in
            guard !state.isClosed else { return nil }
            guard let receiver = state.receiver else {
                state.elements.append(element)
                return nil
            }
            state.receiver = nil
            return receiver
        }
        if let receiver { return receiver.resume(returning: element) }
        await withCheckedContinuation { continuation in
            let hasRoom = state.withLock { state in
                guard state.elements.count > waitingLimit else { return true }
                state.sender = continuation
                return false
            }
            if hasRoom { continuation.resume() }
        }
    }

    /// The next element; nil when all are received and no more will come, or when none came in time. One task at a time may receive.
    ///
    /// - Parameter deadline: When to wait no more; nil for never.
    func receive(until deadline: ContinuousClock.Instant? = nil) async -> Element? {
        await withCheckedContinuation { (continuation: Receiver) in
            let (element, isOver, sender, wait) = state.withLock {
                state -> (Element?, Bool, CheckedContinuation<Void, Never>?, Int) in
                guard !state.elements.isEmpty else {
                    if !state.isFinished {
                        state.receiver = continuation
                        state.waitCount += 1
                    }
                    return (nil, state.isFinished, nil, state.waitCount)
                }
                let element = state.elements.removeFirst()
                return (element, false, state.elements.count <= waitingLimit ? state.takeSender() : nil, 0)
            }
            sender?.resume()
            if element != nil || isOver { return continuation.resume(returning: element) }
            guard let deadline else { return }
            Task {
                try? await Task.sleep(until: deadline, clock: .continuous)
                giveUp(wait)
            }
        }
    }

    /// Ends a wait that nothing has ended yet.
    private func giveUp(_ wait: Int) {
        let receiver = state.withLock { state -> Receiver? in
            guard state.waitCount == wait else { return nil }
            defer { state.receiver = nil }
            return state.receiver
        }
        receiver?.resume(returning: nil)
    }

    /// Says that no more will be sent.
    func finish() {
        let receiver = state.withLock { state in
            state.isFinished = true
            defer { state.receiver = nil }
            return state.receiver
        }
        receiver?.resume(returning: nil)
    }

    /// Drops what is on its way and all that is still sent: nobody receives any more.
    func close() {
        let sender = state.withLock { state in
            state.elements = []
            (state.isClosed, state.isFinished) = (true, true)
            return state.takeSender()
        }
        sender?.resume()
    }
}
