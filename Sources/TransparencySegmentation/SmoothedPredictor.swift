public import Images
import Synchronization

/// Smooths the soft masks of successive frames: sₜ = α mₜ + (1 − α) sₜ₋₁, exponential smoothing, with s₀ = m₀.
///
/// Glass flickers in masks of single frames; a smoothed mask is steadier, and lags behind what moves. Whether that is a gain is measured by
/// `transeg evaluate --smooth` on frames with truths. Predictions depend on the order of the calls; whoever needs them reproducible asks for
/// one batch after the other, as ``SegmentationPipeline`` does. A frame of another size begins anew, and a pass that fails changes nothing.
public final class SmoothedPredictor: MaskPredictor {
    /// The share of the present frame, above 0; 1 changes nothing.
    public let alpha: Float
    private let base: any MaskPredictor
    private let last = Mutex<(atInput: SoftMask?, atPicture: SoftMask?)>((nil, nil))

    /// - Parameters:
    ///   - base: Makes the masks that are smoothed.
    ///   - alpha: The share of the present frame, above 0 up to 1.
    public init(_ base: any MaskPredictor, alpha: Float) {
        (self.base, self.alpha) = (base, min(1, max(alpha, .leastNormalMagnitude)))
    }

    public var defaultSize: InputSize { base.defaultSize }
    public var sizeUnit: Int { base.sizeUnit }
    public var largestSide: Int { base.largestSide }
    public var identity: [String: String] { base.identity.merging(["smoothing": "\(alpha)"]) { $1 } }

    public func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        let predictions = try await base.predict(pictures, size: size, at: resolutions)
        return last.withLock { last in
            predictions.map { prediction in
                last = (
                    prediction.atInput.map { smoothed($0, last.atInput) },
                    prediction.atPicture.map { smoothed($0, last.atPicture) }
                )
                return MaskPrediction(
                    atInput: last.atInput, atPicture: last.atPicture, timings: prediction.timings,
                    passCount: prediction.passCount)
            }
        }
    }

    /// Plane by plane; what a pixel is, if it is transparent, is the present frame's.
    private func smoothed(_ mask: SoftMask, _ last: SoftMask?) -> SoftMask {
        guard let last, (last.width, last.height) == (mask.width, mask.height), last.planes.count == mask.planes.count
        else { return mask }
        let planes = zip(mask.planes, last.planes).map { alpha * $0 + (1 - alpha) * $1 }
        return SoftMask(width: mask.width, height: mask.height, planes: planes, kinds: mask.kinds)
    }
}
