import Limits
import StableDiffusion3

extension AutoencoderTrainer.Settings {
    /// Everything that makes no sense, a phrase each.
    func problems() -> [String] {
        let rate = 1e-30...1000.0
        let weight = 0...1e6
        let numbers = [
            NumberBounds.problem("layers-per-block", layersPerBlock, NumberBounds.layers),
            NumberBounds.problem("norm-groups", normGroups, NumberBounds.width),
            NumberBounds.problem("latent-channels", latentChannels, NumberBounds.width),
            NumberBounds.problem("resolution", resolution, NumberBounds.side),
            NumberBounds.problem("steps", steps, NumberBounds.updates),
            NumberBounds.problem("batch-size", batchSize, NumberBounds.trainBatch),
            NumberBounds.problem("lr", lr, rate),
            NumberBounds.problem("divergence-weight", divergenceWeight, weight),
            NumberBounds.problem("mask-weight", maskWeight, weight),
        ]
        let problems = numbers.compactMap(\.self)
        // What follows is said of sound numbers.
        guard problems.isEmpty else { return problems }
        guard (1...8).contains(channels.count), channels.allSatisfy(NumberBounds.width.contains) else {
            return [
                "channels is \(channels); one to eight numbers from 1 to \(NumberBounds.width.upperBound) were expected"
            ]
        }
        let unit = 1 << (channels.count - 1)
        return [
            resolution % unit == 0 ? nil : "resolution is \(resolution); a multiple of \(unit) was expected",
            maskBatchSize.flatMap {
                NumberBounds.problem("mask-batch-size", $0, batchSize...NumberBounds.trainBatch.upperBound)
            },
        ].compactMap(\.self)
    }

    /// Throws `MemoryError` for pictures that are too many or too large: those that are read ahead, and the encoder's tensors of their size.
    func checkMemory(firstChannels: Int) throws {
        let pixels = resolution * resolution
        let work = MachineMemory.product(14, batchSize, pixels, firstChannels, 4)
        let read = MachineMemory.product(TrainingLoader.depth + 1, maskBatchSize ?? batchSize, 6 * 5, pixels)
        try MachineMemory.check(
            work + read, for: "an update", remedy: "take a smaller resolution, batch-size or mask-batch-size")
    }
}
