import Annotations
import ArgumentParser
import Files
import Foundation
import Images
import Limits
import TransparencySegmentation

/// How masks are made and what is written of them: the options that `segment` and `watch` share.
struct MaskOptions: ParsableArguments {
    @OptionGroup var modelOptions: ModelOptions

    @Option(
        help: ArgumentHelp(
            "Squash pictures to a square of this side in pixels, or to HEIGHTxWIDTH, for the model. Sides are multiples of the model's unit: "
                + "16 for Stable Diffusion 3.5, 8 for the embedded model. (default: the size that the model was made for)",
            valueName: "side"))
    var size: SizeChoice?

    @Option(
        help: ArgumentHelp(
            "Instead of --size, keep the pictures' aspect: the longer side becomes this many pixels, a multiple of the same unit.",
            valueName: "side"))
    var fit: Int?

    @Option(
        help: ArgumentHelp(
            "What to write: soft, mask, overlay, cutout, see-through (the glass alone as a layer for other backgrounds, an approximation), uncertainty (gray, how unsure each pixel is), classes (of a model that tells things from stuff), and annotations as coco, yolo, labelstudio or cvat; several with commas between. "
                + "(default: soft,mask; the first four for the example, mask for standard output)", valueName: "kinds"))
    var write: ResultKinds?

    @Option(
        help:
            "The soft value, 0 to 1, above which a pixel counts as transparent. A higher one marks less, with fewer false alarms."
    )
    var threshold: Float = 0.5

    @Option(
        help: ArgumentHelp(
            "Write nothing of pictures whose mask is less sure than this, 0 to 1: its confidence is the IoU that is to be expected of it. They are "
                + "named, and the exit code of segment is 2. Calibrate the model first (transeg calibrate). (default: write all)",
            valueName: "confidence"))
    var rejectBelow: Double?

    @OptionGroup var prediction: PredictionOptions

    @Option(help: ArgumentHelp("Leave connected regions of fewer pixels out of annotations.", valueName: "pixels"))
    var areaThreshold = 1

    @Flag(help: "Print one line of JSON a picture on standard output, also of those that fail.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    @Flag(help: "Print a line for each picture: how much of it is transparent, the time it took, and the files.")
    var verbose = false

    func validate() throws {
        if verbose, quiet || json { throw ValidationError("--verbose excludes --quiet and --json") }
        if size != nil, fit != nil { throw ValidationError("--size and --fit exclude each other") }
        if prediction.cascade != nil, size != nil || fit != nil {
            throw ValidationError("--cascade names the size of the first pass; leave --size and --fit out")
        }
        try check("threshold", threshold, 0...1)
        if let rejectBelow { try check("reject-below", rejectBelow, 0...1) }
        try check("area-threshold", areaThreshold, 1...1 << 30)
    }

    /// What pictures are brought to for the model; nil for its own size. A size that no picture can have is the command line's fault; found
    /// out before a large model is loaded. Throws `ValidationError`.
    func inputSize() throws -> InputSize? {
        let inputSize = size?.size ?? fit.map(InputSize.fit)
        do {
            let (unit, largest) = try modelOptions.findModel().inputLimits()
            _ = try inputSize?.dimensions(width: 1, height: 1, unit: unit, largest: largest)
            try prediction.checkSize(modelOptions.findModel())
        } catch let error as SegmentationError {
            throw ValidationError("\(error)")
        }
        return inputSize
    }

    /// What makes masks of a model's passes, whose cost is told. Throws `ModelError`.
    func predictor(
        of segmenter: Segmenter, size: InputSize?, batch: Int, quiet: Bool
    ) throws -> any MaskPredictor {
        if !quiet { try prediction.tellCost(of: segmenter, size: size) }
        return try modelOptions.predictor(of: segmenter, prediction.method, batch: batch, quiet: quiet)
    }

    /// Says so where the model finds little in photographs.
    func tellOfEmbeddedModel() {
        guard modelOptions.model == nil else { return }
        StandardStream.tell(
            "Note: the embedded model knows drawn scenes only and finds little glass in photographs; name a model that does with --model (Docs/models.md says how to get one)"
        )
    }

    /// Throws `ValidationError` where the model has no classes to write.
    func checkClasses(_ kinds: [ResultKind], of segmenter: Segmenter) throws {
        if kinds.contains(.classes), !segmenter.hasClasses {
            throw ValidationError(
                "--write classes: the model finds what is transparent and does not tell things from stuff")
        }
    }

    /// Throws `ValidationError` for an output folder in which an input's files could be overwritten.
    static func checkFolder(_ output: String, inputs: [String]) throws {
        if output.isEmpty { throw ValidationError("--output is empty; name a folder") }
        func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        func folder(_ input: String) -> String {
            isFolder(input) ? input : URL(fileURLWithPath: input).deletingLastPathComponent().path
        }
        guard output != "-", let input = inputs.first(where: { $0 != "-" && real(output) == real(folder($0)) }) else {
            return
        }
        throw ValidationError(
            "--output is the folder of the input \(input), whose files could be overwritten; name another folder")
    }
}

/// `--size`: a side, or HEIGHTxWIDTH.
struct SizeChoice: ExpressibleByArgument {
    let size: InputSize

    init?(argument: String) {
        let sides = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        if sides.count == 1, let side = sides[0] {
            size = .square(side)
        } else if sides.count == 2, let height = sides[0], let width = sides[1] {
            size = .exact(height: height, width: width)
        } else {
            return nil
        }
    }
}

/// `--write`: a list of kinds.
struct ResultKinds: ExpressibleByArgument {
    let kinds: [ResultKind]
    var formats: [AnnotationFormat] = []

    static let defaultCompletionKind = CompletionKind.list(
        ResultKind.allCases.map(\.rawValue) + AnnotationFormat.allCases.map(\.rawValue))

    static let mask = ResultKinds(kinds: [.mask])
    static let softAndMask = ResultKinds(kinds: [.soft, .mask])
    static let all = ResultKinds(kinds: [.soft, .mask, .overlay, .cutout])

    init(kinds: [ResultKind]) { self.kinds = kinds }

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        kinds = ResultKind.allCases.filter { names.contains($0.rawValue) }
        formats = AnnotationFormat.allCases.filter { names.contains($0.rawValue) }
        guard kinds.count + formats.count == Set(names).count else { return nil }
    }
}

extension SmoothedPredictor {
    /// The predictor, smoothed where a share is given.
    static func of(_ predictor: any MaskPredictor, alpha: Float?) -> any MaskPredictor {
        alpha.map { SmoothedPredictor(predictor, alpha: $0) } ?? predictor
    }

    /// Refuses a share of the present frame that is none. Throws `ValidationError`.
    static func check(_ smooth: Float?) throws {
        if let smooth { try transeg.check("smooth", smooth, 0.001...1) }
    }
}
