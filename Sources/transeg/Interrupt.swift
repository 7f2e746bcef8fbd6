import ArgumentParser
import Dispatch
import Foundation
import Synchronization

/// Turns the first Ctrl-C, SIGTERM or SIGHUP, or another signal that is named, into a request to stop at the next good moment; the second one ends the process, and so
/// does time after SIGTERM and SIGHUP, for whoever sent them may not be there to send another.
final class Interrupt: Sendable {
    /// The signals that ask to stop. One that the process was started to ignore, as `nohup` does with SIGHUP, stays ignored.
    private let numbers: [Int32]
    private let sources = Mutex<[any DispatchSourceSignal]>([])
    /// Of its own, so that work which hangs on the shared ones cannot hold a signal up.
    private let queue = DispatchQueue(label: "signals", qos: .userInteractive)

    /// The signal that asked to stop; 0 for none.
    private static let received = Atomic<Int32>(0)

    /// What a program that stops because it was asked to exits with: 128 and the signal's number, 130 after Ctrl-C.
    static var exitCode: ExitCode {
        let number = received.load(ordering: .relaxed)
        return ExitCode(128 + (number == 0 ? SIGINT : number))
    }

    /// Whether somebody asked to stop.
    var isRequested: Bool { Self.received.load(ordering: .relaxed) != 0 }

    /// - Parameters:
    ///   - patience: Seconds after which the process ends when another signal than Ctrl-C asked for it.
    ///   - others: Signals that ask to stop besides.
    ///   - quiet: Whether nothing is told of a signal, such as by one of several processes.
    ///   - onRequest: Called once, on another thread.
    init(
        patience: UInt32 = 30, alsoBy others: [Int32] = [], quiet: Bool = false,
        onRequest: @escaping @Sendable () -> Void = {}
    ) {
        numbers = [SIGINT, SIGTERM, SIGHUP].filter { $0 != SIGHUP || !Self.isIgnored($0) } + others
        // Ctrl-C ends the rest of a pipeline too, and what is told to nobody must not end the work before it is saved.
        signal(SIGPIPE, SIG_IGN)
        sources.withLock { sources in
            for number in numbers {
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler {
                    guard Self.received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
                    else { _exit(128 + number) }
                    if !quiet {
                        // Beside the ^C of the terminal.
                        try? StandardStream.error.write("\n".utf8)
                        StandardStream.tell("stopping as soon as nothing is left half done; once more stops at once")
                    }
                    if number != SIGINT { Self.exit(128 + number, after: patience) }
                    onRequest()
                }
                source.resume()
                sources.append(source)
            }
        }
    }

    /// Ends the process whatever hangs: on a thread that waits for nothing else.
    private static func exit(_ code: Int32, after seconds: UInt32) {
        Thread.detachNewThread {
            sleep(seconds)
            StandardStream.tell("this takes longer than \(seconds) s; stopping at once")
            _exit(code)
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Gives the signals back to the system.
    func restore() {
        sources.withLock { sources in
            for source in sources { source.cancel() }
            sources = []
        }
        for number in numbers { signal(number, SIG_DFL) }
    }

    /// Runs `body` in a task that an interrupt cancels; one that was cancelled leaves with ``exitCode``.
    static func leaving(_ body: @escaping @Sendable () async throws -> Void) async throws {
        do { try await cancelling(body) } catch is CancellationError { throw exitCode }
    }

    /// Runs `body` in a task that an interrupt cancels.
    static func cancelling<R: Sendable>(
        quiet: Bool = false, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        let task = Task(operation: body)
        let interrupt = Interrupt(quiet: quiet) { task.cancel() }
        defer { interrupt.restore() }
        return try await task.value
    }
}
