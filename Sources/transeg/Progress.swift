import Foundation
import TransparencySegmentation

/// A line on standard error that tells how far a run is: a bar on a terminal, now and then a line elsewhere.
struct Progress {
    private let total: Int
    private let quiet: Bool
    private let verb: String
    private let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    private let start = ContinuousClock.now
    private var lastShown: ContinuousClock.Instant?
    private var isBarShown = false

    /// `verb` is what is done to the items, such as "segmented".
    init(total: Int, quiet: Bool, verb: String = "segmented") {
        self.total = total
        self.quiet = quiet
        self.verb = verb
    }

    /// Shows that `count` items are done, at most ten times a second on a terminal and every ten seconds elsewhere.
    ///
    /// `note` is what else there is to say, such as running means.
    mutating func advance(to count: Int, note: String = "") {
        guard !quiet, total > 1 else { return }
        let now = ContinuousClock.now
        let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        if let lastShown, now - lastShown < interval, count < total { return }
        lastShown = now

        let elapsed = (now - start).seconds
        let each = elapsed / Double(max(count, 1))
        let left = Self.clock(each * Double(total - count))
        let counts =
            "\(count)/\(total) [\(Self.clock(elapsed))<\(left), \(String(format: "%.2f", each)) s each] \(note)"
        guard isTerminal else {
            Self.put("\(verb) \(counts)\n")
            return
        }
        let width = 24
        let filled = count * width / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
        Self.put("\r\u{1B}[K\(count * 100 / total)% |\(bar)| \(counts)")
        isBarShown = true
    }

    /// Prints a line without tearing the bar. Shown even when quiet: it tells of errors.
    func message(_ text: String) {
        Self.put((isBarShown ? "\r\u{1B}[K" : "") + text + "\n")
    }

    /// Removes the bar.
    mutating func end() {
        if isBarShown { Self.put("\r\u{1B}[K") }
        isBarShown = false
    }

    private static func put(_ text: String) {
        StandardStream.tell(text)
    }

    /// `m:ss`, or `h:mm:ss`.
    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }
}
