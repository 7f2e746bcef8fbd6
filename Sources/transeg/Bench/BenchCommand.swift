import ArgumentParser
import StableDiffusion3

/// `transeg bench`: how fast the program is on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Times segmentation or training on this machine, with the machine's own peak beside it.",
        discussion: """
            Without --model, weights are random ones in the shape that --shape names; medium is Stable Diffusion 3.5 medium's and takes 10 GB on disk \
            while it is timed.

              transeg bench segment --model sd35-glass/ --size 1024 --device cuda --dtype bfloat16 --batch 4
              transeg bench train --shape small --size 256 --json
            """,
        subcommands: [BenchSegmentCommand.self, BenchTrainCommand.self])
}

/// What both benchmarks take.
struct BenchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The model: a folder in diffusers' layout or a Hugging Face id.", valueName: "folder|id"))
    var model: String?

    @Option(help: "The shape of random weights where there is no --model.")
    var shape = BenchShape.small

    @Option(help: "The side of the pictures.")
    var size = 256

    @Option(help: "Pictures in one pass.")
    var batch = 1

    @Option(help: "What to compute in.")
    var dtype = ComputeDType.float32

    @Option(help: "Where to compute: auto takes an accelerator where there is one; cuda:1 is the second.")
    var device = DeviceChoice.auto

    @OptionGroup var threads: ThreadOptions

    @Option(help: "Counted passes, after one to warm up.")
    var runs = 3

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Print where the time goes as well, operation by operation, in one more pass.")
    var profile = false

    func validate() throws {
        try check("size", size, NumberBounds.side)
        try check("batch", batch, NumberBounds.batch)
        try check("runs", runs, 1...10_000)
        if json, profile { throw ValidationError("--json and --profile exclude each other") }
    }
}
