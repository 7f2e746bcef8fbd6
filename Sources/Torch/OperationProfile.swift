import Synchronization

/// Where the time of a piece of work goes, operation by operation.
///
///     let profile = OperationProfile(device: .cpu)
///     try OperationProfile.$current.withValue(profile) { try model(x) }
///     for entry in profile.entries { print(entry.name, entry.seconds) }
///
/// An operation's time is counted from the end of the one before, so that what lies between belongs to it. Accelerators are waited for
/// after every operation, which makes the whole slower. Going back through a recorded pass is one operation.
package final class OperationProfile: Sendable {
    /// The profile that operations of this task report to.
    @TaskLocal package static var current: OperationProfile?

    /// All calls of one operation.
    package struct Entry: Sendable {
        package let name: String
        package let count: Int
        package let seconds: Double
    }

    private let device: Device
    private struct State {
        var last = ContinuousClock.now
        var sums: [String: (count: Int, duration: Duration)] = [:]
    }

    private let state = Mutex(State())

    package init(device: Device) { self.device = device }

    /// The slowest first.
    package var entries: [Entry] {
        state.withLock { $0.sums }.map { name, sum in
            Entry(
                name: name, count: sum.count,
                seconds: Double(sum.duration.components.seconds) + Double(sum.duration.components.attoseconds) * 1e-18)
        }.sorted { ($0.seconds, $1.name) > ($1.seconds, $0.name) }
    }

    /// Begins to count here, so that what came before belongs to nothing.
    package func restart() { state.withLock { $0.last = .now } }

    /// - Parameter operation: Its name, which may be followed by a space or parenthesis and what it was told.
    func note(_ operation: String) {
        // A fault of the device surfaces in the operation that looks at the result.
        if device.kind != .cpu { try? device.synchronize() }
        state.withLock { state in
            let now = ContinuousClock.now
            let name = String(operation.prefix { $0 != " " && $0 != "(" })
            let sum = state.sums[name] ?? (0, .zero)
            state.sums[name] = (sum.count + 1, sum.duration + (now - state.last))
            state.last = now
        }
    }
}
