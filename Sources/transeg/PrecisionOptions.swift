public import ArgumentParser
import TransparencySegmentation

/// What accuracy or time is given for less time or memory on the CPU.
struct PrecisionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the transformer's products are computed in, on the CPU with --dtype float32: exact in float32, fast in bfloat16, "
                + "int8 in eight-bit integers. Docs/performance.md says what that saves and does to masks."))
    var precision = Precision.exact

    @Option(
        help: ArgumentHelp(
            "The most memory to take, on the CPU with --dtype float32, such as 3GiB. A model that needs more is read from its file block by "
                + "block for each picture, which is slower. (default: no limit)", valueName: "size"))
    var memoryLimit: MemorySize?
}

extension Precision: ExpressibleByArgument {}

/// A number of bytes with a unit: `3GiB`, `3.5GB`, `900MiB`.
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let units = ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000]
        guard let unit = units.first(where: { argument.hasSuffix($0.key) }),
            let number = Double(argument.dropLast(unit.key.count)), number > 0, number < 1e6
        else { return nil }
        bytes = Int(number * Double(unit.value))
    }

    static var allValueStrings: [String] { [] }
}
