#if Service
import CoreMetrics
import Foundation
import Synchronization

/// swift-metrics' instruments, shown in Prometheus' text format (version 0.0.4).
///
/// Counters, meters (gauges), recorders and timers; the last two are histograms with fixed buckets, timers in seconds. Labels are taken for
/// metric names as they are.
final class PrometheusRegistry: MetricsFactory {
    /// Of one label and its dimensions.
    fileprivate struct Key: Hashable {
        let label: String
        /// `{route="/v1/segment"}` without the braces.
        let dimensions: String
    }

    private struct State {
        var series: [Key: any Series] = [:]
        var kinds: [String: String] = [:]
    }

    private let state = Mutex(State())
    private let help: [String: String]

    /// - Parameter help: What each metric is, by its label.
    init(help: [String: String]) { self.help = help }

    /// The page that Prometheus reads.
    var text: String {
        let (series, kinds) = state.withLock { ($0.series, $0.kinds) }
        var text = ""
        for (label, members) in Dictionary(grouping: series, by: \.key.label).sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(label) \(help[label] ?? label)\n# TYPE \(label) \(kinds[label] ?? "untyped")\n"
            for (key, series) in members.sorted(by: { $0.key.dimensions < $1.key.dimensions }) {
                for line in series.lines(key.label, key.dimensions) { text += line + "\n" }
            }
        }
        return text
    }

    private func series<S: Series>(
        _ label: String, _ dimensions: [(String, String)], kind: String, make: () -> S
    ) -> S {
        let text = dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        return state.withLock { state in
            let key = Key(label: label, dimensions: text)
            if let found = state.series[key] as? S { return found }
            let made = make()
            state.series[key] = made
            state.kinds[label] = kind
            return made
        }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, kind: "counter") { Total() }
    }

    func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, kind: "counter") { Total() }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, kind: "gauge") { Gauge() }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, kind: "gauge") { Gauge() } }
        return series(label, dimensions, kind: "histogram") { Histogram(bounds: [1, 2, 4, 8, 16, 32, 64]) }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, kind: "histogram") {
            Histogram(bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120])
        }
    }

    // Series live as long as the process, as Prometheus expects of counters.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

/// What has lines on the page.
private protocol Series: Sendable {
    func lines(_ label: String, _ dimensions: String) -> [String]
}

private func line(_ label: String, _ dimensions: String, _ value: Double) -> String {
    let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    return "\(label)\(dimensions.isEmpty ? "" : "{\(dimensions)}") \(number)"
}

private final class Total: CounterHandler, FloatingPointCounterHandler, Series {
    private let value = Mutex(0.0)

    func increment(by amount: Int64) { value.withLock { $0 += Double(amount) } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func reset() { value.withLock { $0 = 0 } }
    func lines(_ label: String, _ dimensions: String) -> [String] {
        [line(label, dimensions, value.withLock { $0 })]
    }
}

private final class Gauge: MeterHandler, RecorderHandler, Series {
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func lines(_ label: String, _ dimensions: String) -> [String] {
        [line(label, dimensions, value.withLock { $0 })]
    }
}

private final class Histogram: RecorderHandler, TimerHandler, Series {
    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: [Int](repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }

    func lines(_ label: String, _ dimensions: String) -> [String] {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let separator = dimensions.isEmpty ? "" : ","
        var total = 0
        var lines = zip(counts, bounds.map { "\($0)" } + ["+Inf"]).map { count, bound in
            total += count
            return line("\(label)_bucket", "\(dimensions)\(separator)le=\"\(bound)\"", Double(total))
        }
        lines.append(line("\(label)_sum", dimensions, sum))
        lines.append(line("\(label)_count", dimensions, Double(total)))
        return lines
    }
}
#endif
