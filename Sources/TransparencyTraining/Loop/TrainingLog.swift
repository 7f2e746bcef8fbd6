import Files
import Foundation

/// What `log.jsonl` tells of a run, for curves and comparisons.
package struct TrainingLog: Sendable {
    /// The fields of a line that are of interest.
    private struct Line: Decodable, Sendable {
        let step: Double
        let loss: Double?
        let lr: Double?
        let gradNorm: Double?
        let valIoU: Double?
        let seconds: Double?

        enum CodingKeys: String, CodingKey {
            case step, loss, lr, seconds
            case gradNorm = "grad_norm"
            case valIoU = "val_iou"
        }
    }

    private let lines: [Line]

    /// What can be read of the log in a run's folder; nil where there is none.
    package init?(_ folder: String) {
        guard let data = try? PlainFile.contents(of: "\(folder)/\(JSONLinesLogger.name)") else { return nil }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        lines = data.split(separator: UInt8(ascii: "\n")).compactMap { try? decoder.decode(Line.self, from: Data($0)) }
    }

    package typealias Points = [(x: Double, y: Double)]

    private func points(_ value: (Line) -> Double?) -> Points {
        lines.compactMap { line in value(line).map { (line.step, $0) } }
    }

    package var losses: Points { points(\.loss) }
    package var rates: Points { points(\.lr) }
    package var gradNorms: Points { points(\.gradNorm) }
    package var validationIoUs: Points { points(\.valIoU) }
    package var bestValidation: (x: Double, y: Double)? { validationIoUs.max { $0.y < $1.y } }

    /// An exponential mean of the losses over about 50 updates, without the bias of its beginning.
    package var smoothedLosses: Points {
        var (mean, weight) = (0.0, 0.0)
        return losses.filter { $0.y.isFinite }.map { point in
            mean = 0.98 * mean + 0.02 * point.y
            weight = 0.98 * weight + 0.02
            return (point.x, mean / weight)
        }
    }

    /// The median time of an update, seconds; nil of a log without.
    package var secondsPerUpdate: Double? {
        let sorted = lines.compactMap { $0.loss == nil ? nil : $0.seconds }.sorted()
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }
}
