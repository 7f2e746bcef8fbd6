import Annotations
import ArgumentParser
import EmbeddedModel
import Files
import Foundation
import Images
import Limits
import Torch
import TransparencySegmentation

/// `transeg segment`: masks for a picture, a folder, or standard input.
struct SegmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segment",
        abstract: "Writes masks of the transparent things in pictures.",
        discussion: """
            Each mask has its picture's own size. Without arguments the embedded model is shown its example picture.

              transeg segment bottle.jpg
              transeg segment photos/ --model sd35-glass/ --device cuda --dtype bfloat16 --batch 4 --output masks/
              cat bottle.jpg | transeg segment - --output - > mask.png

            What is written of PICTURE.jpg (see --write): PICTURE_soft.png, gray, how surely each pixel is transparent; \
            PICTURE_mask.png, black and white; PICTURE_overlay.png, the picture with the mask tinted; \
            PICTURE_cutout.png, the picture with the soft mask as alpha.
            """)

    @Argument(
        help: ArgumentHelp(
            "Pictures, folders of pictures (not their subfolders), or - for standard input.",
            valueName: "image|folder|-"), completion: .file())
    var inputs: [String] = []

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

    @OptionGroup var prediction: PredictionOptions

    @Option(help: "Pictures, or tiles, in one pass. More take more memory, and are quicker on accelerators.")
    var batch = 1

    @Option(
        help: ArgumentHelp(
            "The folder for the results; - writes one picture's single result to standard output.",
            valueName: "folder"), completion: .directory)
    var output = "transeg-output"

    @Option(
        help: ArgumentHelp(
            "What to write: soft, mask, overlay, cutout, uncertainty (gray, how unsure each pixel is), classes (of a model that tells things from stuff), and annotations as coco, yolo, labelstudio or cvat; several with commas between. "
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
                + "named, and the exit code is 2. Calibrate the model first (transeg calibrate). (default: write all)",
            valueName: "confidence"))
    var rejectBelow: Double?

    @Option(help: ArgumentHelp("Leave connected regions of fewer pixels out of annotations.", valueName: "pixels"))
    var areaThreshold = 1

    @Option(
        help: ArgumentHelp(
            "Also write every tensor of the pass on a single picture as float32.", valueName: "file.safetensors"),
        completion: .file(extensions: ["safetensors"]))
    var dump: String?

    @Flag(help: "Print one line of JSON a picture on standard output, also of those that fail.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        if size != nil, fit != nil { throw ValidationError("--size and --fit exclude each other") }
        if prediction.cascade != nil, size != nil || fit != nil {
            throw ValidationError("--cascade names the size of the first pass; leave --size and --fit out")
        }
        try check("threshold", threshold, 0...1)
        if let rejectBelow { try check("reject-below", rejectBelow, 0...1) }
        try check("batch", batch, NumberBounds.batch)
        try check("area-threshold", areaThreshold, 1...1 << 30)
        if output == "-" {
            guard inputs.count == 1, !isFolder(inputs[0]) else {
                throw ValidationError("--output - takes one picture; give one picture or - for standard input")
            }
            guard (write ?? .mask).kinds.count == 1, write?.formats.isEmpty ?? true else {
                throw ValidationError("--output - takes one kind of result; name one with --write")
            }
            if json { throw ValidationError("--output - and --json both need standard output") }
        }
        if output.isEmpty { throw ValidationError("--output is empty; name a folder") }
        if output != "-", let input = inputs.first(where: { holds(output, input: $0) }) {
            throw ValidationError(
                "--output is the folder of the input \(input), whose files could be overwritten; name another folder")
        }
        if dump != nil, inputs.count > 1 || inputs.contains(where: isFolder) {
            throw ValidationError("--dump takes a single picture")
        }
        if dump != nil, !prediction.method.isOnePass {
            throw ValidationError("--dump is of one pass; leave --tiles, --tta and --cascade out")
        }
        try checkOutput(
            "--dump", dump, suffixes: ["safetensors"], inputs: inputs + [modelOptions.model].compactMap(\.self))
        if inputs.count(where: { $0 == "-" }) > 1 { throw ValidationError("- can be given once") }
    }

    /// Whether a folder is that of an input, or the input itself.
    private func holds(_ folder: String, input: String) -> Bool {
        func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        let inputFolder = isFolder(input) ? input : URL(fileURLWithPath: input).deletingLastPathComponent().path
        return input != "-" && real(folder) == real(inputFolder)
    }

    func run() async throws {
        let ranks = try await Ranks.joined(LaunchEnvironment.detect())
        let quiet = quiet || !ranks.isFirst
        if ranks.size > 1, output == "-" || dump != nil || inputs.contains("-") {
            throw ValidationError("-, --output - and --dump are for one process; start it without a launcher")
        }
        let isExample = inputs.isEmpty
        guard let example = isExample ? EmbeddedModel.examplePicture : "" else {
            throw SegmentationError.embeddedModelMissing
        }
        let sources = try PictureSource.find(isExample ? [example] : inputs)
        let kinds = write ?? (isExample ? .all : output == "-" ? .mask : .softAndMask)
        let inputSize = size?.size ?? fit.map(InputSize.fit)
        do {
            // A size that no picture can have is the command line's fault; found out before a large model is loaded.
            let (unit, largest) = try modelOptions.findModel().inputLimits()
            _ = try inputSize?.dimensions(width: 1, height: 1, unit: unit, largest: largest)
            try prediction.checkSize(modelOptions.findModel())
        } catch let error as SegmentationError {
            throw ValidationError("\(error)")
        }
        if modelOptions.model == nil, !isExample, !quiet {
            StandardStream.tell(
                "Note: the embedded model knows drawn scenes only and finds little glass in photographs; name a model that does with --model (Docs/models.md says how to get one)"
            )
        }
        if !quiet, let others = PictureSource.leftOut(of: inputs) { StandardStream.tell("Note: left out: \(others)") }
        let segmenter = try await modelOptions.makeSegmenter(quiet: quiet, ranks: ranks)
        if kinds.kinds.contains(.classes), segmenter.usage.target == .binary {
            throw ValidationError(
                "--write classes: the model finds what is transparent and does not tell things from stuff")
        }
        if !quiet { try prediction.tellCost(of: segmenter, size: inputSize) }
        let writer = try ResultWriter(
            to: output == "-" ? .stream { try StandardStream.output.write($0) } : .folder(output), kinds: kinds.kinds,
            names: sources.map { $0 == .standardInput ? $0.fileName : $0.name }
        ).share(of: ranks)
        let predictor = try modelOptions.predictor(of: segmenter, prediction.method, batch: batch, quiet: quiet)
        var run = SegmentationRun(
            predictor: predictor, writer: writer, size: inputSize,
            threshold: threshold,
            bounds: PipelineBounds(batch: batch))
        (run.leastConfidence, run.blendedBytesPerPixel) = (rejectBelow, prediction.method.bytesPerPixel)
        if !kinds.formats.isEmpty {
            run.annotations = try AnnotationWriter(
                kinds.formats, to: output,
                classes: segmenter.usage.target == .binary ? ["glass"] : ["things", "stuff"],
                minimumArea: areaThreshold)
        }
        let results =
            dump.map { run.results(of: sources[0], dumpingTo: $0, segmenter: segmenter) }
            ?? run.results(of: ranks.share(of: sources))
        let result = try await tell(of: results, count: sources.count, ranks)
        try await run.finishAnnotations(ranks)
        guard ranks.isFirst else { return }
        if !quiet, !json, output != "-" {
            try result.printSummary(folder: output, isExample: isExample, loadSeconds: segmenter.loadSeconds)
        }
        if result.remainingCount > 0 { throw Interrupt.exitCode }
        if result.failedCount > 0 { throw ExitCode(1) }
        if result.rejectedCount > 0 { throw ExitCode(2) }
    }

    /// Prints what becomes of each picture.
    private func tell(
        of results: SegmentationPipeline<PictureSource, SegmentationRun.Written>, count: Int, _ ranks: Ranks
    ) async throws -> SegmentOutput {
        let quiet = quiet || !ranks.isFirst
        let progress = Progress(total: count, quiet: quiet || json || output == "-")
        let output = SegmentOutput(total: count, json: json, progress: progress)
        @Sendable func printAll() async throws -> SegmentOutput {
            var output = output
            defer { output.progress.end() }
            let isWhole = try await ranks.collect(results, count: count) { picture in
                try SegmentedPicture(picture)
            } receive: { picture in
                try output.add(picture)
            }
            // The first process has counted.
            if !ranks.isFirst, !isWhole { throw Interrupt.exitCode }
            return output
        }
        // A single picture is not worth finishing: its files appear whole or not at all anyway.
        return count > 1 ? try await Interrupt.cancelling(quiet: !ranks.isFirst, printAll) : try await printAll()
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
