import Images

/// Another predictor whose softness is brought to probabilities by a temperature.
struct CalibratedPredictor: MaskPredictor {
    let base: any MaskPredictor
    let temperature: Temperature

    var defaultSize: InputSize { base.defaultSize }
    var sizeUnit: Int { base.sizeUnit }
    var largestSide: Int { base.largestSide }
    var identity: [String: String] { base.identity.merging(["temperature": "\(temperature.value)"]) { $1 } }

    func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        try await base.predict(pictures, size: size, at: resolutions).map { prediction in
            MaskPrediction(
                atInput: prediction.atInput.map(temperature.calibrated),
                atPicture: prediction.atPicture.map(temperature.calibrated), timings: prediction.timings,
                passCount: prediction.passCount)
        }
    }
}

extension ModelCalibration {
    /// The predictor with its softness calibrated.
    package func applied(to predictor: any MaskPredictor) -> any MaskPredictor {
        // What is in the file was checked on reading.
        Temperature(temperature).map { CalibratedPredictor(base: predictor, temperature: $0) } ?? predictor
    }

    /// Why the temperature may not be right for masks that are made in another way, in a sentence; nil where it was fitted to the same.
    package func doubt(of method: PredictionMethod, decoding: String) -> String? {
        var (fitted, used): ([String], [String]) = ([], [])
        if prediction != method.text { (fitted, used) = ([prediction], [method.text]) }
        if let fittedDecoding = self.decoding, fittedDecoding != decoding {
            fitted.append(fittedDecoding)
            used.append(decoding)
        }
        if fitted.isEmpty { return nil }
        return "the model was calibrated on masks by \(fitted.joined(separator: " and ")), and these are by "
            + "\(used.joined(separator: " and ")); transeg evaluate says how far their softness is from probabilities"
    }
}

extension Segmenter {
    /// The segmenter as the program and the service use it: with the temperature of its model's ``ModelCalibration``, where there is one.
    ///
    /// - Throws: ``SegmentationError/configuration(file:reason:)`` for a calibration that cannot be used.
    public func calibrated() throws -> any MaskPredictor {
        try ModelCalibration(of: model)?.applied(to: self) ?? self
    }
}
