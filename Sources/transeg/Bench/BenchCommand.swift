import ArgumentParser
import Limits
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
        help: ArgumentHelp(
            "The model: a folder in diffusers' layout or a Hugging Face id. (default: random weights of --shape)",
            valueName: "folder|id"), completion: .directory)
    var model: String?

    @Option(
        help:
            "The shape of random weights where there is no --model. medium is Stable Diffusion 3.5 medium's, small has 26 million weights."
    )
    var shape = BenchShape.small

    @Option(
        help:
            "What makes the mask: a readout, or the VAE's decoder (latent). (default: the model's readout where it has one, else latent)"
    )
    var head: MaskHead?

    @Option(help: ArgumentHelp("The side of the pictures in pixels.", valueName: "pixels"))
    var size = 256

    @Option(help: ArgumentHelp("Pictures in one pass.", valueName: "count"))
    var batch = 1

    @Option(help: "What to compute in.")
    var dtype = ComputeDType.float32

    @Option(help: "Where to compute. auto takes an accelerator where there is one; cuda:1 is the second.")
    var device = DeviceChoice.auto

    @OptionGroup var threads: ThreadOptions

    @Option(help: ArgumentHelp("Counted passes or updates, after one to warm up.", valueName: "count"))
    var runs = 3

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    @Flag(help: "Also print where the time of one more pass goes, operation by operation.")
    var profile = false

    func validate() throws {
        try check("size", size, NumberBounds.side)
        try check("batch", batch, NumberBounds.batch)
        try check("runs", runs, 1...10_000)
        if json, profile { throw ValidationError("--json and --profile exclude each other") }
    }
}
