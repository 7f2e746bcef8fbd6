public import ArgumentParser
import Limits
import TransparencySegmentation

/// What accuracy or time is given for less time or memory on the CPU.
struct PrecisionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the transformer's products are computed in, on the CPU with --dtype float32: exact in float32, fast in bfloat16, "
                + "int8 in eight-bit integers, on processors with VNNI instructions. On a CUDA device fast is TF32 for everything. Docs/performance.md says what that saves and does to masks."
        ))
    var precision = Precision.exact

    @Option(
        help: ArgumentHelp(
            "The most memory to take, on the CPU with --dtype float32, such as 3GiB. A model that needs more is read from its file block by "
                + "block for each picture, which is slower. (default: no limit)", valueName: "size"))
    var memoryLimit: MemorySize?
}

extension Precision: ExpressibleByArgument {}

extension MemorySize: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
