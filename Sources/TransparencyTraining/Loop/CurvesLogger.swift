import Files
import Foundation
import Reports
package import Torch

/// `curves.svg`: loss with its running mean, learning rate, gradient norm, validation IoU, drawn from the log in the end.
@ComputeActor
package final class CurvesLogger: ExperimentLogger {
    private let path: String

    /// - Parameter path: The folder with the log.
    package init(_ path: String) { self.path = path }

    package func log(update: any TrainingRecord) {}
    package func log(validation: any TrainingRecord) {}

    /// The fields of a line of the log that are drawn.
    private struct Line: Decodable {
        let step: Double
        let loss: Double?
        let lr: Double?
        let gradNorm: Double?
        let valIoU: Double?

        enum CodingKeys: String, CodingKey {
            case step, loss, lr
            case gradNorm = "grad_norm"
            case valIoU = "val_iou"
        }
    }

    /// Throws `FileError`.
    package func end() throws {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let data = (try? PlainFile.contents(of: "\(path)/\(JSONLinesLogger.name)")) ?? Data()
        let lines = data.split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(Line.self, from: Data($0))
        }
        func points(_ value: (Line) -> Double?) -> [(x: Double, y: Double)] {
            lines.compactMap { line in value(line).map { (line.step, $0) } }
        }
        let losses = points(\.loss)
        try LinePlot(
            xLabel: "update",
            [
                .init("Loss", [.init("each update", losses), .init("running mean", Self.smoothed(losses))]),
                .init("Learning rate", [.init("", points(\.lr))]),
                .init("Gradient norm before clipping", [.init("", points(\.gradNorm))]),
                .init("Validation IoU", [.init("", points(\.valIoU))]),
            ]
        ).write(to: "\(path)/curves.svg")
    }

    /// An exponential mean over about 50 points, without the bias of its beginning.
    private static func smoothed(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        var (mean, weight) = (0.0, 0.0)
        return points.filter { $0.y.isFinite }.map { point in
            mean = 0.98 * mean + 0.02 * point.y
            weight = 0.98 * weight + 0.02
            return (point.x, mean / weight)
        }
    }
}
