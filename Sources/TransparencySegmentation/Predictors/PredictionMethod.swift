/// How masks are made of a model's passes: one pass, or several for more detail and certainty.
///
/// ```swift
/// let predictor = PredictionMethod(tiles: true).predictor(try await Segmenter(model: "sd35-glass"))
/// let segmentation = try await predictor.segment(contentsOf: "facade.jpg")
/// ```
public struct PredictionMethod: Sendable, Equatable {
    /// Whether a picture is also looked at in overlapping tiles of its own pixels, each as large as the model's input.
    public var tiles = false
    /// Whether masks are means over the picture and its mirror image.
    public var flips = false
    /// Whether masks are means over three sizes of the input: 0.75, 1 and 1.25.
    public var scales = false
    /// Sides in pixels, ascending: the first is that of the input; of each further one, tiles of a picture whose longer side has so many
    /// pixels are computed where the mask before is unsure. Empty for none.
    public var cascade: [Int] = []

    public init(tiles: Bool = false, flips: Bool = false, scales: Bool = false, cascade: [Int] = []) {
        (self.tiles, self.flips, self.scales, self.cascade) = (tiles, flips, scales, cascade)
    }

    /// Whether a mask is that of one pass.
    public var isOnePass: Bool { self == PredictionMethod() }

    /// Memory that a picture's pixel takes beside what one pass does: a mask that others are mixed into, and how far it is open; a sum.
    package var bytesPerPixel: Int {
        (tiles || !cascade.isEmpty ? 12 : 0) + (flips || scales ? 4 : 0)
    }

    /// What makes masks so.
    ///
    /// - Parameters:
    ///   - base: What makes a mask in one pass.
    ///   - batch: Tiles in one pass.
    public func predictor(_ base: any MaskPredictor, batch: Int = 1) -> any MaskPredictor {
        if isOnePass { return base }
        let looks: any MaskPredictor =
            flips || scales ? AugmentedPredictor(base, flips: flips, scales: scales) : base
        return NamedPredictor(base: tiled(looks, batch: batch), name: text)
    }

    /// How many passes a picture takes at most.
    ///
    /// - Throws: ``SegmentationError/size(_:)``.
    package func passCount(
        width: Int, height: Int, size: InputSize?, of base: any MaskPredictor
    ) throws -> Int {
        let input = try (tiled(base, batch: 1)).inputSize(width: width, height: height, size: size)
        let looks =
            (flips ? 2 : 1) * (scales ? AugmentedPredictor(base, flips: flips, scales: true).inputs(input).count : 1)
        guard let tiled = tiled(base, batch: 1) as? TiledPredictor else { return looks }
        return try looks * tiled.passCount(width: width, height: height, size: size)
    }

    /// What masks cost, in a sentence; nil where it is one pass.
    ///
    /// - Throws: ``SegmentationError/size(_:)``, such as of a cascade's first size.
    package func cost(of base: any MaskPredictor, size: InputSize?) throws -> String? {
        if isOnePass { return nil }
        // A photograph of 12 megapixels.
        let (width, height) = (4000, 3000)
        let count = try passCount(width: width, height: height, size: size, of: base)
        let input = try predictor(base).inputSize(width: width, height: height, size: cascade.isEmpty ? size : nil)
        let atMost = cascade.isEmpty ? "" : "up to "
        return "\(text) at \(input.width) x \(input.height): a picture of \(width) x \(height) takes "
            + "\(atMost)\(count) passes instead of 1"
    }

    private func tiled(_ base: any MaskPredictor, batch: Int) -> any MaskPredictor {
        if let first = cascade.first {
            return TiledPredictor(
                base, levels: cascade.dropFirst().map { .init(longerSide: $0, onlyWhereUnsure: true) },
                firstSize: .square(first), batch: batch)
        }
        return tiles ? TiledPredictor(base, levels: [.init()], batch: batch) : base
    }

    /// In a few words, for people and for what tells evaluations apart: `tiles, flips`; `one pass` where nothing else is asked for.
    public var text: String {
        let parts = [
            tiles ? "tiles" : nil,
            cascade.isEmpty ? nil : "cascade \(cascade.map(String.init).joined(separator: ", "))",
            flips ? "flips" : nil, scales ? "scales" : nil,
        ].compactMap(\.self)
        return parts.isEmpty ? "one pass" : parts.joined(separator: ", ")
    }
}
