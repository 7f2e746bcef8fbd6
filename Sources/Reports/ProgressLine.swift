import Foundation

/// How far a run is, in one line.
package struct ProgressLine {
    private let done: Int
    private let total: Int
    private let elapsed: Double
    private let note: String

    /// - Parameters:
    ///   - elapsed: Seconds since the run began.
    ///   - note: What else there is to say, such as running means.
    package init(done: Int, total: Int, elapsed: Double, note: String = "") {
        (self.done, self.total, self.elapsed, self.note) = (done, total, elapsed, note)
    }

    /// `3/10 [0:06<0:14, 2.00 s each] note`.
    package var text: String { [counts, "[\(times)\(each)]", note].filter { !$0.isEmpty }.joined(separator: " ") }

    /// As much of it with a bar as a terminal of so many columns shows in one row.
    package func bar(columns: Int) -> String {
        let percent = "\(total > 0 ? min(done, total) * 100 / total : 0)%"
        let choices = [
            "\(percent) |\(bar(24))| \(text)", "\(percent) |\(bar(10))| \(text)",
            "\(percent) |\(bar(10))| \(counts) [\(times)\(each)]", "\(percent) |\(bar(10))| \(counts) [\(times)]",
            "\(percent) \(counts) \(times)", "\(percent) \(counts)", percent,
        ]
        // In the last column some terminals begin a new row.
        return choices.first { $0.count < columns } ?? ""
    }

    private func bar(_ width: Int) -> String {
        let filled = total > 0 ? min(done, total) * width / total : 0
        return String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
    }

    private var counts: String { "\(done)/\(total)" }

    private var times: String {
        let left = done > 0 ? Self.clock(elapsed / Double(done) * Double(total - done)) : "?"
        return "\(Self.clock(elapsed))<\(left)"
    }

    private var each: String { done > 0 ? String(format: ", %.2f s each", elapsed / Double(done)) : "" }

    /// `m:ss`, or `h:mm:ss`.
    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }
}
