import ArgumentParser
import Files
import Foundation
import Images
import SegmentationMetrics
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// `transeg dataset preview`: pairs as training sees them.
struct DatasetPreviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Draws a sheet of augmented pictures and their masks.",
        discussion: """
            A row is a picture, named above it: as it is, then as it is augmented in as many epochs; its masks stand below. The split is train unless \
            another is named. The same seed gives the same sheet, and what training with that seed sees.

              transeg dataset preview Trans10K --count 6 --epochs 5 --output preview.jpg
            """)

    @Argument(help: ArgumentHelp("The data set's folder.", valueName: "folder"), completion: .directory)
    var root: String

    @OptionGroup var datasetOptions: DatasetOptions<TrainSplit>

    @Option(help: "How many pictures to show, from the first by name.")
    var count = 6

    @Option(help: "How many epochs to show of each picture.")
    var epochs = 5

    @Option(
        help: ArgumentHelp("The side in pixels of the square that training uses, its --resolution.", valueName: "side"))
    var size = 1024

    @Option(help: "The seed of training, its --seed.")
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp("The file for the sheet, a JPEG.", valueName: "file.jpg"),
        completion: .file(extensions: ["jpg", "jpeg"]))
    var output = "preview.jpg"

    func validate() throws {
        try check("count", count, 1...1000)
        try check("epochs", epochs, 1...100)
        try check("size", size, 1...8192)
        try checkOutput("--output", output, suffixes: ["jpg", "jpeg"], inputs: [root])
    }

    func run() throws {
        let dataset = try datasetOptions.open(root)
        let pairs = try datasetOptions.pairs(of: dataset).prefix(count)
        var (rows, captions) = ([[Image]](), [String]())
        let clock = ContinuousClock()
        var duration = Duration.zero
        for (index, pair) in pairs.enumerated() {
            let sample = try dataset.read(pair)
            var cells = [(sample.picture, sample.mask)]
            for epoch in 0..<epochs {
                let start = clock.now
                let sample = try dataset.read(pair)
                cells.append(
                    try AugmentationParameters(seed: seed, epoch: epoch, index: index)
                        .apply(to: sample.picture, mask: sample.mask, width: size, height: size))
                duration += clock.now - start
            }
            captions += [[pair.difficulty?.rawValue, pair.id].compactMap(\.self).joined(separator: "/"), ""]
            rows.append(try cells.map { try $0.0.thumbnail(side: 200) })
            rows.append(try cells.map { try Image(classes: $0.1).thumbnail(side: 200) })
        }
        try AtomicFile.write(ContactSheet.image(of: rows, captions: captions).jpegData(), to: output)
        let each = duration.seconds / Double(pairs.count * epochs)
        try print("\(output): \(pairs.count) pictures in \(epochs) epochs")
        try print(String(format: "%.4f s to read and augment one to %d x %d on one thread", each, size, size))
    }
}
