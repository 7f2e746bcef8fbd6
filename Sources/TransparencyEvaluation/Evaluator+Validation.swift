import Images
package import SegmentationMetrics
import Torch
package import TransparencyData
package import TransparencySegmentation

extension Evaluator {
    /// Scores pairs one after the other on the thread that computes, as training does between two updates.
    ///
    /// - Parameters:
    ///   - segmenter: One of parts that may change as soon as this returns.
    ///   - ranks: The processes that share the pictures, each with a segmenter of the same.
    ///   - each: Called with each picture's result of this process, in order, such as to write its pictures.
    /// - Returns: The metrics of all, without intervals.
    /// - Throws: `DatasetError`, `TorchError`, ``SegmentationError``, `MetricsError`, and what `each` throws.
    @ComputeActor
    package static func validate(
        _ segmenter: Segmenter, on pairs: [DatasetPair], of dataset: Dataset, size: InputSize? = nil,
        ranks: Ranks = Ranks(),
        each: (ScoredPrediction) throws -> Void = { _ in }
    ) throws -> Metrics {
        let evaluator = try Evaluator(predictor: segmenter, size: size, countsNative: false)
        var records: [ImageRecord] = []
        for start in stride(from: 0, to: pairs.count, by: ranks.size) {
            let index = start + ranks.rank
            // Weights may be gathered for each pass, so a process without a picture passes one that does not count.
            let pair = pairs[min(index, pairs.count - 1)]
            let sample = try ranks.agree { try dataset.read(pair) }
            let scored = try evaluator.evaluate([(pair, sample)], by: segmenter)
            try ranks.agree { if index < pairs.count { try scored.forEach(each) } }
            if index < pairs.count { records += scored.map(\.record) }
        }
        return try Metrics(
            records: ranks.gathered(records),
            settings: EvaluationSettings(resolution: nil, bootstrap: .init(resamples: 1)))
    }
}
