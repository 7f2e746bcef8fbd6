import Dispatch
import Foundation
import Synchronization

/// Turns the first Ctrl-C (or SIGTERM) into a request to stop at the next good moment; the second one ends the process.
final class Interrupt: Sendable {
    private let requested = Atomic(false)
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []

    /// Whether somebody asked to stop.
    var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// `onRequest` is called once, on another thread.
    init(onRequest: @escaping @Sendable () -> Void = {}) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in
                guard let self, !requested.exchange(true, ordering: .relaxed) else { _exit(128 + number) }
                StandardStream.tell("\nstopping as soon as nothing is left half done; once more stops at once\n")
                onRequest()
            }
            source.resume()
            return source
        }
    }

    /// Gives the signals back to the system.
    func restore() {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
