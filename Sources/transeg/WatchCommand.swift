import Annotations
import ArgumentParser
import Files
import Foundation
import TransparencySegmentation

/// `transeg watch`: masks of the pictures that appear in a folder.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Writes masks of pictures as they appear in a folder, until it is stopped.",
        discussion: """
            Begins with the pictures that have no results yet, or results that are older than they. Then takes each picture that is closed \
            after writing or moved into the folder. Files with other suffixes, such as .part, and hidden ones are left alone until they \
            are renamed. Ctrl-C or SIGTERM finishes the picture at hand; the exit code is then 130 or 143.

              transeg watch camera/ --model sd35-glass/ --output masks/
              transeg watch camera/ --recursive --json >> results.jsonl

            Results are named as those of segment. On file systems that other machines write to, the folder is searched every ten seconds.
            """)

    @Argument(help: ArgumentHelp("The folder to watch.", valueName: "folder"), completion: .directory)
    var folder: String

    @Flag(
        help: "Watch folders within the folder too, also new ones. Results are in folders of the same names.")
    var recursive = false

    @Option(help: ArgumentHelp("The folder for the results.", valueName: "folder"), completion: .directory)
    var output = "transeg-output"

    @OptionGroup var options: MaskOptions

    func validate() throws {
        if output == "-" { throw ValidationError("--output is a folder here; name one") }
        try MaskOptions.checkFolder(output, inputs: [folder])
        if let format = options.write?.formats.first {
            throw ValidationError(
                "--write \(format.rawValue): a watch has no end, at which annotation files are written; "
                    + "write masks, and make annotations of them with transeg convert")
        }
    }

    func run() async throws {
        guard isFolder(folder) else { throw SegmentationError.input("there is no folder \(folder)") }
        let inputSize = try options.inputSize()
        if !options.quiet { options.tellOfEmbeddedModel() }
        let kinds = (options.write ?? .softAndMask).kinds
        let writer = try ResultWriter(to: .folder(output), kinds: kinds, pictures: [])
        let segmenter = try await options.modelOptions.makeSegmenter(quiet: options.quiet)
        try options.checkClasses(kinds, of: segmenter)
        var run = SegmentationRun(
            predictor: try options.predictor(of: segmenter, size: inputSize, batch: 1, quiet: options.quiet),
            writer: writer, size: inputSize, threshold: options.threshold,
            bounds: PipelineBounds(batch: 1))
        run.leastConfidence = options.rejectBelow
        let watch = FolderWatch(folder, isRecursive: recursive, output: output)
        let arrivals = try watch.arrivals { writer.hasResults(of: $0) }
        if !options.quiet { StandardStream.tell("watching \(folder); Ctrl-C ends it") }
        try await Interrupt.cancelling { [self, run] in
            for await picture in run.results(of: arrivals) {
                try tell(SegmentedPicture(picture.item.picture.source, picture.result))
            }
        }
        if let failure = watch.failure { throw failure }
        throw Interrupt.exitCode
    }

    private func tell(_ picture: SegmentedPicture) throws {
        if let error = picture.error { StandardStream.tell("Error: \(error)") }
        if let confidence = picture.rejectedConfidence {
            StandardStream.tell(SegmentOutput.rejection(picture.name, confidence))
        }
        if options.json { try print(picture.line) }
        guard picture.error == nil, !options.json, !options.quiet else { return }
        try print(options.verbose ? picture.text : picture.files.values.sorted().joined(separator: " "))
    }
}
