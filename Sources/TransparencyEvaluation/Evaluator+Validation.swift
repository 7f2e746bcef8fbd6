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
    ///   - each: Called with each picture's result, in order, such as to write its pictures.
    /// - Returns: The metrics of all, without intervals.
    /// - Throws: `DatasetError`, `TorchError`, ``SegmentationError``, `MetricsError`, and what `each` throws.
    @ComputeActor
    package static func validate(
        _ segmenter: Segmenter, on pairs: [DatasetPair], of dataset: Dataset, size: InputSize? = nil,
        each: (ScoredPrediction) throws -> Void = { _ in }
    ) throws -> Metrics {
        let evaluator = try Evaluator(predictor: segmenter, size: size, countsNative: false)
        let records = try pairs.flatMap { pair in
            try evaluator.evaluate([(pair, dataset.read(pair))], by: segmenter).map { scored in
                try each(scored)
                return scored.record
            }
        }
        return try Metrics(
            records: records, settings: EvaluationSettings(resolution: nil, bootstrap: .init(resamples: 1)))
    }
}
