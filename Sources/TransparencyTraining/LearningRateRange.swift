import Files
import Foundation
import Reports
import TransparencySegmentation

/// The learning rate range test (Smith, arXiv 1506.01186): the rate grows with every update, and the loss tells where learning
/// begins and where it breaks.
public struct LearningRateRange: Sendable {
    /// What one update showed.
    public struct Point: Sendable, Equatable {
        public let rate: Double
        public let loss: Double
        /// The running mean of the losses, without the bias of its beginning.
        public let smoothed: Double
        public let gradNorm: Double
    }

    public private(set) var points: [Point] = []
    private var (mean, weight) = (0.0, 0.0)

    /// What a loss counts in the running mean.
    private static let share = 0.1
    /// A smoothed loss so many times the least one ends the test.
    private static let divergence = 4.0

    public init() {}

    /// The rates of a test, evenly spread on a logarithmic scale.
    public static func rates(from first: Double, to last: Double, count: Int) -> [Double] {
        (0..<count).map { first * pow(last / first, Double($0) / Double(max(1, count - 1))) }
    }

    /// Takes in an update; says whether the test is over because the loss has left all bounds.
    public mutating func add(rate: Double, loss: Double, gradNorm: Double) -> Bool {
        guard loss.isFinite, gradNorm.isFinite else { return true }
        mean = (1 - Self.share) * mean + Self.share * loss
        weight = (1 - Self.share) * weight + Self.share
        points.append(Point(rate: rate, loss: loss, smoothed: mean / weight, gradNorm: gradNorm))
        let least = points.map(\.smoothed).min() ?? .infinity
        return points.count > 10 && mean / weight > Self.divergence * least
    }

    /// The rate at which the smoothed loss falls most steeply against the rate's logarithm, before its least value; nil where it does not
    /// fall.
    public var suggestion: Double? {
        // The first few means are of single losses.
        guard points.count > 10,
            let least = points.indices.dropFirst(5).min(by: { points[$0].smoothed < points[$1].smoothed })
        else { return nil }
        let slopes = (6..<max(7, least)).compactMap { index -> (slope: Double, rate: Double)? in
            guard index + 1 < points.count else { return nil }
            let (before, after) = (points[index - 1], points[index + 1])
            return ((after.smoothed - before.smoothed) / log(after.rate / before.rate), points[index].rate)
        }
        return slopes.min { $0.slope < $1.slope }.flatMap { $0.slope < 0 ? $0.rate : nil }
    }

    /// Writes `PATH.csv` and `PATH.svg`. Throws `FileError`.
    public func write(to path: String) throws {
        let lines =
            ["update,lr,loss,smoothed_loss,grad_norm"]
            + points.enumerated().map { "\($0 + 1),\($1.rate),\($1.loss),\($1.smoothed),\($1.gradNorm)" }
        try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "\(path).csv")
        // What a single loss comes to when it breaks would hide where the mean fell.
        let top = 1.5 * (points.map(\.smoothed).max() ?? 0)
        try LinePlot(
            xLabel: "learning rate", isLogarithmic: true,
            marker: suggestion.map { .init($0, String(format: "proposed %.2g", $0)) },
            [
                .init(
                    "Loss", scale: .logarithmic,
                    [
                        .init("each update", points.map { ($0.rate, min($0.loss, top)) }),
                        .init("running mean", points.map { ($0.rate, min($0.smoothed, top)) }),
                    ])
            ]
        ).write(to: "\(path).svg")
    }
}
