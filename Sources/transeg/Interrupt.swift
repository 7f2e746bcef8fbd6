import Dispatch
import Foundation
import Synchronization

/// Turns the first Ctrl-C (or SIGTERM) into a request to stop at the next good moment; the second one ends the process.
final class Interrupt: Sendable {
    private let requested = Atomic(false)
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    /// Whether somebody asked to stop.
    var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// `onRequest` is called once, on another thread.
    init(onRequest: @escaping @Sendable () -> Void = {}) {
        sources.withLock { sources in
            for number in [SIGINT, SIGTERM] {
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { [weak self] in
                    guard let self, !requested.exchange(true, ordering: .relaxed) else { _exit(128 + number) }
                    StandardStream.tell("\nstopping as soon as nothing is left half done; once more stops at once\n")
                    onRequest()
                }
                source.resume()
                sources.append(source)
            }
        }
    }

    /// Gives the signals back to the system.
    func restore() {
        sources.withLock { sources in
            for source in sources { source.cancel() }
            sources = []
        }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }

    /// Runs `body` in a task that an interrupt cancels.
    static func cancelling<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
        let task = Task(operation: body)
        let interrupt = Interrupt { task.cancel() }
        defer { interrupt.restore() }
        return try await task.value
    }
}
