import ArgumentParser
import Limits

/// How much one pass takes: an option that commands share.
struct BatchOptions: ParsableArguments {
    @Option(help: "Pictures, or tiles, in one pass. More take more memory, and are quicker on accelerators.")
    var batch = 1

    func validate() throws { try check("batch", batch, NumberBounds.batch) }
}
