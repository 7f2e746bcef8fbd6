import Foundation

/// Spans as the trace event format that viewers read (Google's "Trace Event Format").
struct TraceDocument {
    private let events: [Event]

    private struct Event: Encodable {
        let name: String
        let ph: String
        let pid: Int
        let tid: Int
        var ts: Double?
        var dur: Double?
        var args: [String: String]?
    }

    init(_ spans: [Trace.Span], start: UInt64, process: Int) {
        var events = [Event(name: "process_name", ph: "M", pid: process, tid: 0, args: ["name": "rank \(process)"])]
        var nextLane = 1
        for track in Trace.Track.allCases {
            // A viewer draws a row's spans only where they lie one in another, so those at the same time get rows of their own.
            var lanes: [[UInt64]] = []
            let first = nextLane
            for span in spans.filter({ $0.track == track }).sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
                let lane = Self.lane(for: span, &lanes)
                events.append(
                    Event(
                        name: span.name, ph: "X", pid: process, tid: first + lane,
                        ts: Double(span.start &- start) / 1000, dur: Double(span.end - span.start) / 1000))
            }
            for lane in lanes.indices {
                let name = lane == 0 ? track.rawValue : "\(track.rawValue) \(lane + 1)"
                events.append(
                    Event(name: "thread_name", ph: "M", pid: process, tid: first + lane, args: ["name": name]))
            }
            nextLane += lanes.count
        }
        self.events = events
    }

    /// The first row where a span begins after the others or lies within the last; `lanes` holds the ends of those that are open in each.
    private static func lane(for span: Trace.Span, _ lanes: inout [[UInt64]]) -> Int {
        for lane in lanes.indices {
            while let end = lanes[lane].last, end <= span.start { lanes[lane].removeLast() }
            guard let end = lanes[lane].last, span.end > end else {
                lanes[lane].append(span.end)
                return lane
            }
        }
        lanes.append([span.end])
        return lanes.count - 1
    }

    /// Each event by itself: encoded as one value, two million of them would take gigabytes.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var text = Array(#"{"displayTimeUnit":"ms","traceEvents":["#.utf8)
        for (index, event) in events.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: try encoder.encode(event))
        }
        return text + Array("]}".utf8)
    }
}
