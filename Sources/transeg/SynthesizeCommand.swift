import ArgumentParser
import Foundation
import Limits
import Synchronization
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// `transeg synthesize`: a data set of drawn scenes in the layout of Trans10K.
struct SynthesizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Draws pictures of glass with their masks, in the layout of Trans10K.",
        discussion: """
            The same seed and size give the same bytes. Four of five validation and test pictures are easy, one is hard.

              transeg synthesize scenes/ --train 5000 --validation 1000 --test 1000 --size 128 --seed 1
            """)

    @Argument(help: ArgumentHelp("The folder to write to, new or empty.", valueName: "out"), completion: .directory)
    var out: String

    @Option(help: ArgumentHelp("How many pictures to train with.", valueName: "count"))
    var train = 0

    @Option(help: ArgumentHelp("How many to choose a model by.", valueName: "count"))
    var validation = 0

    @Option(help: ArgumentHelp("How many to report a result on.", valueName: "count"))
    var test = 0

    @Option(help: ArgumentHelp("The pictures' side in pixels, a multiple of 16.", valueName: "side"))
    var size = 128

    @Option(help: ArgumentHelp("Another seed gives other scenes.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp(
            "A folder of photographs without glass to be seen behind the glass; more of it is then large. (default: drawn walls)",
            valueName: "folder"), completion: .directory)
    var backdrops: String?

    @OptionGroup var threads: ThreadOptions

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        for (name, count) in [("train", train), ("validation", validation), ("test", test)] {
            try check(name, count, NumberBounds.count)
        }
        guard train + validation + test > 0 else {
            throw ValidationError("no pictures are asked for; give --train, --validation or --test")
        }
        guard (16...4096).contains(size), size.isMultiple(of: 16) else {
            throw ValidationError("--size is \(size); a multiple of 16 from 16 to 4096 was expected")
        }
    }

    func run() async throws {
        let dataset = SyntheticDataset(
            seed: seed, size: size, counts: [.train: train, .validation: validation, .test: test],
            photographs: try backdrops.map { try Photographs(folder: $0) })
        let interrupt = Interrupt()
        defer { interrupt.restore() }
        let start = ContinuousClock.now
        let progress = Progress(total: dataset.totalCount, quiet: quiet, verb: "drawn")
        defer { progress.end() }
        let count = try await dataset.write(
            to: out, threadCount: threads.count,
            isCancelled: { interrupt.isRequested }, progress: { progress.advance(to: $0) })
        progress.end()

        guard count == dataset.totalCount else {
            progress.message("interrupted after \(count) of \(dataset.totalCount) pictures; nothing is left of them")
            throw Interrupt.exitCode
        }
        if quiet { return }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try print(
            "\(count) pictures of \(size) x \(size) in \(out): \(train) train, \(validation) validation, \(test) test")
        try print(String(format: "%.1f s, %.0f pictures a second", seconds, Double(count) / seconds))
    }
}
