/// How surely each pixel of a picture is transparent, at one resolution.
public struct SoftMask: Sendable {
    public let width: Int
    public let height: Int
    /// Planes of `width * height` values in 0…1, one after the other, row by row. Their mean is how surely a pixel is transparent: there are
    /// three where the model decodes three estimates of one mask, otherwise one.
    public let planes: [Float]
    /// Of each pixel what it is if it is transparent: 1 things, 2 stuff. nil of a model that does not tell them apart.
    public let kinds: [UInt8]?

    public init(width: Int, height: Int, planes: [Float], kinds: [UInt8]? = nil) {
        (self.width, self.height, self.planes, self.kinds) = (width, height, planes, kinds)
    }

    /// The mean of the planes: how surely each pixel is transparent, 0…1, row by row.
    public var values: [Float] {
        let (count, planeCount) = (width * height, max(1, planes.count / max(1, width * height)))
        guard planeCount > 1 else { return planes }
        return (0..<count).map { index in
            (0..<planeCount).reduce(0) { $0 + planes[$1 * count + index] } / Float(planeCount)
        }
    }

    /// 0 background, 1 things, 2 stuff, row by row; nil of a model that does not tell them apart.
    ///
    /// - Parameter threshold: The soft value above which a pixel counts as transparent.
    public func classes(above threshold: Double) -> [UInt8]? {
        kinds.map { zip($0, values).map { kind, value in Double(value) > threshold ? kind : 0 } }
    }
}

/// The resolution at which a mask is wanted.
public enum MaskResolution: Sendable, Hashable, CaseIterable {
    /// As large as what the model is given: where evaluations compare.
    case input
    /// As large as the picture: what people want.
    case picture
}

/// What a ``MaskPredictor`` says of a picture.
public struct MaskPrediction: Sendable {
    /// The mask at the model's input size; nil where it was not asked for.
    public let atInput: SoftMask?
    /// The mask at the picture's size; nil where it was not asked for.
    public let atPicture: SoftMask?
    /// Seconds for this picture; those of a batch are shared equally among its pictures.
    public private(set) var timings: Timings
    /// Passes of the model that this picture was in.
    public private(set) var passCount: Int

    public init(
        atInput: SoftMask? = nil, atPicture: SoftMask? = nil, timings: Timings = Timings(), passCount: Int = 1
    ) {
        (self.atInput, self.atPicture, self.timings) = (atInput, atPicture, timings)
        self.passCount = passCount
    }

    /// Adds what another prediction of the same picture, or of a part of it, took.
    mutating func add(costOf other: MaskPrediction) {
        timings = timings + other.timings
        passCount += other.passCount
    }
}
