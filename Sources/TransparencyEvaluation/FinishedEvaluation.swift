import Files
import Foundation
public import SegmentationMetrics
import StableDiffusion3

/// An evaluation on disk, to compare with another of the same pictures.
///
/// ```swift
/// let (before, after) = (try FinishedEvaluation("before"), try FinishedEvaluation("after"))
/// for warning in before.differences(from: after) { print(warning) }
/// let comparison = try before.compared(to: after)
/// ```
public struct FinishedEvaluation: Sendable {
    public let metrics: Metrics
    public let records: [ImageRecord]

    /// Reads it.
    ///
    /// - Parameter path: An evaluation's folder or its `metrics.json`; `per_image.csv` must lie beside it.
    /// - Throws: `MetricsError`.
    public init(_ path: String) throws {
        let path = isFolder(path) ? (path as NSString).appendingPathComponent("metrics.json") : path
        metrics = try Metrics(contentsOf: path)
        let folder = parentFolder(of: path) as NSString
        records = try PerImageTable.read(contentsOf: folder.appendingPathComponent(PerImageTable.fileName))
    }

    /// Why numbers of the two may not be comparable, one sentence each.
    public func differences(from other: FinishedEvaluation) -> [String] {
        let (own, others) = (metrics.settings, other.metrics.settings)
        var differences: [String] = []
        if own.resolution != others.resolution { differences.append("the two were compared at different resolutions") }
        if own.threshold != others.threshold {
            differences.append("the thresholds are \(own.threshold) and \(others.threshold)")
        }
        if metrics.data != other.metrics.data { differences.append("the lists of files or the repair plans differ") }
        return differences
    }

    /// In what the two differ that is meant to be compared, one sentence each: how masks were made, and their calibration.
    package func methods(comparedTo other: FinishedEvaluation) -> [String] {
        let (own, others) = (metrics.settings, other.metrics.settings)
        var methods: [String] = []
        if own.prediction != others.prediction {
            methods.append(
                "masks of A are by \(own.prediction ?? "one pass"), those of B by \(others.prediction ?? "one pass")")
        }
        if own.temperature != others.temperature {
            func text(_ temperature: Double?) -> String {
                temperature.map { "calibrated by temperature \($0)" } ?? "not calibrated"
            }
            methods.append("A is \(text(own.temperature)), B is \(text(others.temperature))")
        }
        return methods
    }

    /// The differences of the other's numbers from this one's, each picture compared with itself.
    ///
    /// - Throws: `MetricsError`.
    public func compared(to other: FinishedEvaluation) throws -> MetricsComparison {
        try MetricsComparison(
            first: records, second: other.records, bootstrap: metrics.settings.bootstrap)
    }
}
