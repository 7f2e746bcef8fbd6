public import ArgumentParser
import TransparencySegmentation

/// What accuracy or time is given for less time or memory on the CPU.
struct PrecisionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the products of the transformer are computed in on the CPU: exact in float32, fast in bfloat16, "
                + "int8 in eight-bit numbers. Docs/performance.md says what that does to masks."))
    var precision = Precision.exact

    @Option(
        help: ArgumentHelp(
            "Memory that the program may take on the CPU, such as 3GiB: where the model would take more, it is read from "
                + "its file block by block for each picture.", valueName: "size"))
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
