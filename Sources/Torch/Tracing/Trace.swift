import Foundation
import Synchronization

/// Where the time of a run goes, as spans on named tracks that a trace viewer shows (chrome://tracing, Perfetto).
///
/// It is the whole process's, for what works at the same time is spread over threads and libraries. Off, it costs a look at one number.
package enum Trace {
    package enum Track: String, Sendable, CaseIterable {
        case compute, collectives
        case hostIO = "host I/O"
        case hostOptimizer = "host optimizer"
    }

    struct Span: Sendable {
        let name: String
        let track: Track
        /// Nanoseconds of ``now``.
        let start: UInt64
        let end: UInt64
    }

    private static let isOn = Atomic(false)
    private static let spans = Mutex<(spans: [Span], start: UInt64)>(([], 0))
    /// About 200 MB of JSON; what comes later is left out.
    private static let limit = 2_000_000

    /// Begins to record, from nothing.
    package static func start() {
        spans.withLock { $0 = ([], now) }
        isOn.store(true, ordering: .relaxed)
    }

    /// Ends recording and gives the spans as a JSON document of trace events.
    ///
    /// - Parameter rank: Of this process among several, whose documents a viewer can show together.
    package static func finish(rank: Int = 0) throws -> [UInt8] {
        isOn.store(false, ordering: .relaxed)
        let (recorded, start) = spans.withLock { state in
            defer { state = ([], 0) }
            return state
        }
        return try TraceDocument(recorded, start: start, process: rank).json()
    }

    /// Nanoseconds of a clock that never goes back: `CLOCK_MONOTONIC`.
    package static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    /// The start of a span; 0 while nothing is recorded.
    package static var begin: UInt64 { isOn.load(ordering: .relaxed) ? now : 0 }

    /// Records a span that began at ``begin`` and ends now, or ended.
    package static func note(
        _ name: @autoclosure () -> String, on track: Track, since start: UInt64, until end: UInt64 = 0
    ) {
        guard start > 0, isOn.load(ordering: .relaxed) else { return }
        let span = Span(name: name(), track: track, start: start, end: end > 0 ? end : now)
        spans.withLock { if $0.spans.count < limit { $0.spans.append(span) } }
    }

    /// Records how long `body` takes.
    package static func span<R>(
        _ name: @autoclosure () -> String, on track: Track = .compute, _ body: () throws -> R
    ) rethrows -> R {
        let start = begin
        defer { note(name(), on: track, since: start) }
        return try body()
    }
}
