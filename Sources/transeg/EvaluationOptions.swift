import ArgumentParser
import SyntheticScenes
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// How an evaluation is made and where it goes: the options that commands share.
struct EvaluationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Compare at a square of this side, or at HEIGHTxWIDTH. The original's numbers are of 1024, TransLab's of 512. "
                + "(default: the size that the model was made for)", valueName: "side"))
    var size: SizeChoice?

    @Option(help: "The soft value, 0 to 1, above which a pixel counts as transparent.")
    var threshold = 0.5

    @Option(help: ArgumentHelp("The folder for the results, new or empty.", valueName: "folder"))
    var output = "transeg-evaluation"

    @Flag(help: "Continue the interrupted evaluation in the output folder.")
    var resume = false

    @Flag(
        inversion: .prefixedNo,
        help: "Write predictions, masks and photographs; the report shows the worst and best of them.")
    var pictures = true

    @Flag(help: "Print metrics.json on standard output instead of a table.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        guard (0...1).contains(threshold) else {
            throw ValidationError("--threshold is \(threshold); a number from 0 to 1 was expected.")
        }
        if output.isEmpty { throw ValidationError("--output is empty; name a folder.") }
    }

    /// A size that no picture can have is the command line's fault. Throws `ValidationError`.
    func checkSize(unit: Int, largest: Int) throws {
        do {
            _ = try size?.size.dimensions(width: 1, height: 1, unit: unit, largest: largest)
        } catch let error as SegmentationError {
            throw ValidationError("\(error)")
        }
    }
}
