import Images

/// Another predictor whose identity says how it makes masks.
struct NamedPredictor: MaskPredictor {
    let base: any MaskPredictor
    let name: String

    var defaultSize: InputSize { base.defaultSize }
    var sizeUnit: Int { base.sizeUnit }
    var largestSide: Int { base.largestSide }
    var identity: [String: String] { base.identity.merging(["prediction": name]) { $1 } }

    func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        try await base.predict(pictures, size: size, at: resolutions)
    }
}
