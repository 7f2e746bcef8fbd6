import Images
import SegmentationMetrics
package import TransparencyData
package import TransparencySegmentation

/// Fits a model's temperature to pictures that it was not trained on.
package struct CalibrationRun: Sendable {
    /// What is calibrated, without a temperature, and how it is compared.
    private let evaluator: Evaluator
    private let method: PredictionMethod
    /// What decodes, as `Segmenter.decoding` says.
    private let decoding: String
    /// Which pictures, for people.
    private let data: String

    package init(_ evaluator: Evaluator, method: PredictionMethod, decoding: String, data: String) {
        (self.evaluator, self.method, self.decoding, self.data) = (evaluator, method, decoding, data)
    }

    /// - Parameters:
    ///   - batch: Pictures in one pass.
    ///   - progress: Called after each picture with how many are done.
    /// - Throws: `DatasetError`, `ImageError`, `MetricsError`, ``EvaluationError``, what the predictor throws, and `CancellationError`.
    package func calibration(
        on pairs: [DatasetPair], of dataset: Dataset, batch: Int = 1, progress: (Int) -> Void = { _ in }
    ) async throws -> ModelCalibration {
        try dataset.check(pairs, decodedPixels: 0)
        let pipeline = SegmentationPipeline(
            pairs, bounds: PipelineBounds(batch: batch), pixels: { dataset.pixelCount(of: $0) },
            read: { (pair: $0, sample: try dataset.read($0)) },
            compute: { [evaluator] in try await evaluator.predict($0) }, finish: { try $2.scored().record })
        var records: [ImageRecord] = []
        for await picture in pipeline {
            records.append(try picture.result.get())
            progress(records.count)
        }
        guard records.count == pairs.count else { throw CancellationError() }
        guard records.contains(where: { $0.pixels.fromHalf.glassCount > 0 }),
            records.contains(where: { $0.pixels.fromHalf.otherCount > 0 })
        else {
            throw EvaluationError.nothing(
                folder: dataset.root, expected: "pictures with both glass and background; a temperature needs both")
        }
        let fit = TemperatureFit(records)
        return ModelCalibration(
            temperature: fit.temperature, prediction: method.text, decoding: decoding, data: data,
            images: records.count, eceBefore: fit.eceBefore, eceAfter: fit.eceAfter)
    }
}
