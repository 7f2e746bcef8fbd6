/// Bounds the pixels of pictures that are worked on at once, however many threads there are.
package final class PixelGate: Sendable {
    /// Of what reads pictures in order to make something smaller of them: training, and audits.
    package static let ofReaders = PixelGate(limit: 1 << 28)

    private let limit: Int
    private let held = Monitor(0)

    package init(limit: Int) { self.limit = limit }

    /// Works on so many pixels when there is room for them; what is larger than all room waits to be the only one.
    ///
    /// - Parameter pixels: 0 where nobody knows.
    package func hold<R>(_ pixels: Int, _ body: () throws -> R) rethrows -> R {
        guard pixels > 0 else { return try body() }
        held.wait { held in
            guard held == 0 || held + pixels <= limit else { return false }
            held += pixels
            return true
        }
        defer { held.change { $0 -= pixels } }
        return try body()
    }
}
