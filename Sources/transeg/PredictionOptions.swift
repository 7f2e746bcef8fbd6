import ArgumentParser
import Limits
import StableDiffusion3
import TransparencySegmentation

/// How masks are made of a model's passes: the options that commands share.
struct PredictionOptions: ParsableArguments {
    @Flag(
        help:
            "Also look at each picture in overlapping tiles of its own pixels, each as large as the model's input, and take from them what the whole picture's mask is unsure of. For detail in large photographs. Takes a pass for each tile: 89 instead of 1 for 12 megapixels at a size of 512."
    )
    var tiles = false

    @Option(
        help: ArgumentHelp(
            "Test-time augmentation: flip takes the mean of the masks of a picture and its mirror image (2 passes instead of 1), scale that of "
                + "0.75, 1 and 1.25 times the input size (3 passes); flip,scale both (6 passes).", valueName: "kinds"))
    var tta: AugmentationKinds?

    @Option(
        help: ArgumentHelp(
            "Look at the whole picture at the first size, and then, for each further size, at tiles of the picture brought to that size, but only "
                + "where the mask is unsure so far. Cheaper than --tiles. Sizes ascend, such as 512,1024; the first replaces --size.",
            valueName: "sizes"))
    var cascade: CascadeSizes?

    var method: PredictionMethod {
        PredictionMethod(
            tiles: tiles, flips: tta?.flips ?? false, scales: tta?.scales ?? false, cascade: cascade?.sides ?? [])
    }

    /// What the cascade's first pass brings pictures to.
    var firstSize: InputSize? { cascade.map { .square($0.sides[0]) } }

    func validate() throws {
        if tiles, cascade != nil { throw ValidationError("--tiles and --cascade exclude each other") }
        for side in cascade?.sides ?? [] { try check("cascade", side, NumberBounds.side) }
    }

    /// A first size that the model does not take is the command line's fault. Throws `ValidationError`.
    func checkSize(_ model: ModelFolder) throws {
        let (unit, largest) = try model.inputLimits()
        do {
            _ = try firstSize?.dimensions(width: 1, height: 1, unit: unit, largest: largest)
        } catch let error as SegmentationError {
            throw ValidationError("--cascade: \(error)")
        }
    }

    /// Says what masks cost, where they take more than one pass.
    func tellCost(of predictor: any MaskPredictor, size: InputSize?) throws {
        if let cost = try method.cost(of: predictor, size: size) { StandardStream.tell("Note: \(cost)") }
    }
}

/// `--tta`: a list of flip and scale.
struct AugmentationKinds: ExpressibleByArgument {
    let flips: Bool
    let scales: Bool

    static let defaultCompletionKind = CompletionKind.list(["flip", "scale", "flip,scale"])

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        (flips, scales) = (names.contains("flip"), names.contains("scale"))
        guard Set(names).isSubset(of: ["flip", "scale"]), Set(names).count == names.count else { return nil }
    }
}

/// `--cascade`: two sides or more, ascending.
struct CascadeSizes: ExpressibleByArgument {
    let sides: [Int]

    init?(argument: String) {
        let sides = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        self.sides = sides.compactMap(\.self)
        guard self.sides.count == sides.count, (2...8).contains(sides.count),
            zip(self.sides, self.sides.dropFirst()).allSatisfy(<)
        else { return nil }
    }
}
