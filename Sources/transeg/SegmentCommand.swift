import Annotations
import ArgumentParser
import EmbeddedModel
import Files
import Foundation
import Images
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
              transeg segment photos/ --recursive --skip-existing --output masks/
              find photos/ -name '*.jpg' | transeg segment --from-file - --output masks/
              transeg segment clip.mp4 --write overlay --smooth 0.4 --output masks/
              cat bottle.jpg | transeg segment - --output - > mask.png

            What is written of PICTURE.jpg (see --write): PICTURE_soft.png, gray, how surely each pixel is transparent; \
            PICTURE_mask.png, black and white; PICTURE_overlay.png, the picture with the mask tinted; \
            PICTURE_cutout.png, the picture with the soft mask as alpha; PICTURE_see-through.png, the glass alone as a layer that other \
            backgrounds show through, as far as that can be told from one picture. Of a video the files are .mp4, those with alpha .mov.
            """)

    @Argument(
        help: ArgumentHelp(
            "Pictures, videos, folders of pictures, patterns in quotes such as 'photos/**/*.jpg', or - for standard input.",
            valueName: "file|folder|pattern|-"), completion: .file())
    var inputs: [String] = []

    @Flag(
        help:
            "Search folders within folders too. Results are in folders of the same names; links to folders are not followed."
    )
    var recursive = false

    @Option(
        help: ArgumentHelp(
            "Also take the files and folders that this file names, one a line, or between zero bytes as find -print0 writes them; - is standard input. Results keep the folders of the paths.",
            valueName: "file|-"), completion: .file())
    var fromFile: String?

    @Flag(
        help:
            "Leave out pictures whose results are all there and not older than they: so a run that was interrupted goes on. Without it results are replaced."
    )
    var skipExisting = false

    @OptionGroup var options: MaskOptions

    @OptionGroup var batchOptions: BatchOptions

    @Option(
        help: ArgumentHelp(
            "Smooth the soft masks of frames that follow each other, of a video or of pictures in the order of their names: the share of the present frame, above 0 to 1. "
                + "Smaller is steadier and lags behind more; evaluate has the same option. (default: each frame alone)",
            valueName: "alpha"))
    var smooth: Float?

    @Option(
        help: ArgumentHelp(
            "Of videos, segment every Nth frame, and keep its mask for those up to the next.", valueName: "n"))
    var every = 1

    @Option(
        help: ArgumentHelp(
            "The folder for the results; - writes one picture's single result to standard output.",
            valueName: "folder"), completion: .directory)
    var output = "transeg-output"

    @Option(
        help: ArgumentHelp(
            "Also write every tensor of the pass on a single picture as float32.", valueName: "file.safetensors"),
        completion: .file(extensions: ["safetensors"]))
    var dump: String?

    private var quiet: Bool { options.quiet }
    private var json: Bool { options.json }

    func validate() throws {
        try SmoothedPredictor.check(smooth)
        try validateVideos()
        if output == "-" {
            guard inputs.count == 1, fromFile == nil, !isFolder(inputs[0]) else {
                throw ValidationError("--output - takes one picture; give one picture or - for standard input")
            }
            guard (options.write ?? .mask).kinds.count == 1, options.write?.formats.isEmpty ?? true else {
                throw ValidationError("--output - takes one kind of result; name one with --write")
            }
            if json { throw ValidationError("--output - and --json both need standard output") }
            if skipExisting { throw ValidationError("--skip-existing is for results in files; leave --output - out") }
        }
        try MaskOptions.checkFolder(output, inputs: inputs)
        if dump != nil, inputs.count > 1 || fromFile != nil || inputs.contains(where: isFolder) {
            throw ValidationError("--dump takes a single picture")
        }
        if dump != nil, !options.prediction.method.isOnePass {
            throw ValidationError("--dump is of one pass; leave --tiles, --tta and --cascade out")
        }
        try checkOutput(
            "--dump", dump, suffixes: ["safetensors"], inputs: inputs + [options.modelOptions.model].compactMap(\.self))
        if inputs.count(where: { $0 == "-" }) + (fromFile == "-" ? 1 : 0) > 1 {
            throw ValidationError("- can be given once")
        }
        if skipExisting, smooth != nil {
            throw ValidationError("--smooth needs every frame; leave --skip-existing out")
        }
        let formats = (options.write?.formats ?? []).filter { $0 != .yolo }
        if skipExisting, let format = formats.first {
            throw ValidationError(
                "--skip-existing and --write \(format.rawValue) exclude each other: the file of the run would lack what is skipped; "
                    + "write masks, and make annotations of them with transeg convert")
        }
    }

    /// The pictures, and what folders hold besides.
    private func pictures(example: String?) throws -> [NamedPicture] {
        let search = PictureSearch(isRecursive: recursive, output: output)
        var pictures = try search.pictures(example.map { [$0] } ?? inputs.filter { !Self.isVideo($0) })
        if let fromFile { pictures += try search.pictures(in: PictureList(contentsOf: fromFile)) }
        if !quiet, let others = search.leftOut(of: inputs) { StandardStream.tell("Note: left out: \(others)") }
        return pictures
    }

    func run() async throws {
        let ranks = try await Ranks.joined(LaunchEnvironment.detect())
        let quiet = quiet || !ranks.isFirst
        if ranks.size > 1, output == "-" || dump != nil || inputs.contains("-") || fromFile == "-" {
            throw ValidationError("-, --output - and --dump are for one process; start it without a launcher")
        }
        if ranks.size > 1, smooth != nil || !videos.isEmpty {
            throw ValidationError("frames that follow each other are for one process; start it without a launcher")
        }
        let isExample = inputs.isEmpty && fromFile == nil
        guard let example = isExample ? EmbeddedModel.examplePicture : "" else {
            throw SegmentationError.embeddedModelMissing
        }
        let kinds = options.write ?? (isExample ? .all : output == "-" ? .mask : .softAndMask)
        let inputSize = try options.inputSize()
        if !isExample, !quiet { options.tellOfEmbeddedModel() }
        let found = try pictures(example: isExample ? example : nil)
        let destination: ResultWriter.Destination =
            output == "-" ? .stream { try StandardStream.output.write($0) } : .folder(output)
        // Of all, for two pictures' results must not have one name whoever of them is left out.
        let writer = try ResultWriter(to: destination, kinds: kinds.kinds, pictures: found)
        let pictures = try await remaining(of: found, writer, kinds, ranks)
        if pictures.isEmpty, videos.isEmpty {
            if !quiet { try print("all \(found.count) pictures have their results in \(output) already") }
            return
        }
        let segmenter = try await options.modelOptions.makeSegmenter(quiet: quiet, ranks: ranks)
        try options.checkClasses(kinds.kinds, of: segmenter)
        let predictor = try options.predictor(of: segmenter, size: inputSize, batch: batchOptions.batch, quiet: quiet)
        var failure: ExitCode?
        if !pictures.isEmpty {
            do {
                try await segment(
                    pictures, of: found.count, by: predictor, segmenter, writer, kinds, size: inputSize,
                    isExample: isExample,
                    ranks)
            } catch let code as ExitCode where code.rawValue == 1 { failure = code }
        }
        try await segmentVideos(by: predictor, kinds.kinds, size: inputSize)
        if let failure { throw failure }
    }

    /// Segments pictures. Throws the exit code where some failed, or it was asked to stop.
    private func segment(
        _ pictures: [NamedPicture], of foundCount: Int, by predictor: any MaskPredictor, _ segmenter: Segmenter,
        _ writer: ResultWriter,
        _ kinds: ResultKinds, size: InputSize?, isExample: Bool, _ ranks: Ranks
    ) async throws {
        var run = SegmentationRun(
            predictor: SmoothedPredictor.of(predictor, alpha: smooth), writer: writer, size: size,
            threshold: options.threshold,
            bounds: PipelineBounds(batch: batchOptions.batch))
        (run.leastConfidence, run.blendedBytesPerPixel) = (options.rejectBelow, options.prediction.method.bytesPerPixel)
        if !kinds.formats.isEmpty {
            run.annotations = try AnnotationWriter(
                kinds.formats, to: output,
                classes: segmenter.hasClasses ? ["things", "stuff"] : ["glass"],
                minimumArea: options.areaThreshold)
        }
        let result: SegmentOutput
        if let dump {
            let results = run.results(of: pictures[0].source, dumpingTo: dump, segmenter: segmenter)
            result = try await tell(of: results, count: 1, ranks, source: { $0 })
        } else {
            let results = run.results(of: ranks.share(of: pictures))
            result = try await tell(of: results, count: pictures.count, ranks, source: \.source)
        }
        try await run.finishAnnotations(ranks)
        guard ranks.isFirst else { return }
        if !quiet, !json, output != "-" {
            try result.printSummary(folder: output, isExample: isExample, loadSeconds: segmenter.loadSeconds)
            let skippedCount = foundCount - pictures.count
            if skippedCount > 0 { try print("\(skippedCount) were left out, whose results are there already") }
        }
        if result.remainingCount > 0 { throw Interrupt.exitCode }
        if result.failedCount > 0 { throw ExitCode(1) }
        if result.rejectedCount > 0 { throw ExitCode(2) }
    }

    /// The pictures that have not all their results; the first process decides for all.
    private func remaining(
        of pictures: [NamedPicture], _ writer: ResultWriter, _ kinds: ResultKinds, _ ranks: Ranks
    ) async throws -> [NamedPicture] {
        guard skipExisting else { return pictures }
        let labels = kinds.formats.contains(.yolo)
        let places = try await ComputeActor.run {
            try ranks.same(pictures.indices.filter { !writer.hasResults(of: pictures[$0], labels: labels) })
        }
        return places.map { pictures[$0] }
    }

    /// Prints what becomes of each picture.
    private func tell<Item>(
        of results: SegmentationPipeline<Item, SegmentationRun.Written>, count: Int, _ ranks: Ranks,
        source: @escaping @Sendable (Item) -> PictureSource
    ) async throws -> SegmentOutput {
        let quiet = quiet || !ranks.isFirst
        let progress = Progress(total: count, quiet: quiet || json || output == "-")
        let verbose = options.verbose && output != "-"
        let output = SegmentOutput(total: count, json: json, verbose: verbose, progress: progress)
        @Sendable func printAll() async throws -> SegmentOutput {
            var output = output
            defer { output.progress.end() }
            let isWhole = try await ranks.collect(results, count: count) { picture in
                try SegmentedPicture(source(picture.item), picture.result)
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
