import Dispatch
import Foundation
import Reports
import Synchronization
import TransparencySegmentation

/// A line on standard error that tells how far a run is: a bar on a terminal, which moves every second, now and then a line elsewhere.
final class Progress: Sendable {
    private struct State: Sendable {
        var count = 0
        var note = ""
        var lastShown: ContinuousClock.Instant?
        var isBarShown = false
        var isOver = false
    }

    private let total: Int
    private let quiet: Bool
    private let verb: String
    private let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    private let start = ContinuousClock.now
    private let state = Mutex(State())
    private let ticks = Mutex<(any DispatchSourceTimer)?>(nil)

    /// `verb` is what is done to the items, such as "segmented".
    init(total: Int, quiet: Bool, verb: String = "segmented") {
        (self.total, self.quiet, self.verb) = (total, quiet, verb)
        guard !quiet, isTerminal, total > 0 else { return }
        ticks.withLock { ticks in
            let source = DispatchSource.makeTimerSource(queue: .global())
            // A single thing has no bar unless it takes long.
            source.schedule(deadline: .now() + (total > 1 ? 0 : 2), repeating: 1)
            source.setEventHandler { [weak self] in self?.tick() }
            source.resume()
            ticks = source
        }
    }

    deinit { end() }

    private func tick() {
        state.withLock { state in draw(&state) }
    }

    /// Shows that `count` items are done, at most ten times a second on a terminal and every ten seconds elsewhere.
    ///
    /// `note` is what else there is to say, such as running means.
    func advance(to count: Int, note: String = "") {
        guard !quiet, total > 1 else { return }
        state.withLock { state in
            (state.count, state.note) = (count, note)
            let now = ContinuousClock.now
            let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
            if let last = state.lastShown, now - last < interval, count < total { return }
            state.lastShown = now
            if isTerminal { draw(&state) } else { StandardStream.tell("\(verb) \(line(state).text)") }
        }
    }

    /// Prints on standard output, which may be the same terminal, without tearing the bar.
    func aside(_ print: () throws -> Void) rethrows {
        try state.withLock { state in
            erase(&state)
            try print()
        }
    }

    /// Prints a line without tearing the bar. Shown even when quiet: it tells of errors.
    func message(_ text: String) {
        state.withLock { state in
            erase(&state)
            StandardStream.tell(text)
        }
    }

    /// Removes the bar.
    func end() {
        ticks.withLock { ticks in
            ticks?.cancel()
            ticks = nil
        }
        state.withLock { state in
            state.isOver = true
            erase(&state)
        }
    }

    private func line(_ state: State) -> ProgressLine {
        ProgressLine(done: state.count, total: total, elapsed: (ContinuousClock.now - start).seconds, note: state.note)
    }

    private func draw(_ state: inout State) {
        // A tick that waited while the bar was ended.
        guard !state.isOver else { return }
        Self.put("\r\u{1B}[K\(line(state).bar(columns: Self.columns))")
        state.isBarShown = true
    }

    private func erase(_ state: inout State) {
        if state.isBarShown { Self.put("\r\u{1B}[K") }
        state.isBarShown = false
    }

    private static func put(_ text: String) { try? StandardStream.error.write(text.utf8) }

    private static var columns: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
