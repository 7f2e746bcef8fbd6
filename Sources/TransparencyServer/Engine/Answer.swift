import Synchronization

/// What one task waits for and another gives, once. Whoever waits may give up; what is given then is dropped.
final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case waited(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
        case over
    }

    private let state = Mutex(State.open)

    /// Whether somebody will still take an answer.
    var isWanted: Bool {
        state.withLock {
            switch $0 {
            case .open, .waited: true
            case .given, .over: false
            }
        }
    }

    /// Gives the answer. Only the first counts.
    func give(_ result: Result<Value, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            switch state {
            case .open:
                state = .given(result)
                return nil
            case .waited(let waiter):
                state = .over
                return waiter
            case .given, .over: return nil
            }
        }
        waiter?.resume(with: result)
    }

    /// Waits for the answer; to be called once. A task that is cancelled gets `CancellationError`.
    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let given = state.withLock { state -> Result<Value, any Error>? in
                    if case .given(let result) = state {
                        state = .over
                        return result
                    }
                    state = .waited(continuation)
                    return nil
                }
                if let given { continuation.resume(with: given) }
            }
        } onCancel: {
            give(.failure(CancellationError()))
        }
    }
}
