import ArgumentParser
import Foundation
import StableDiffusion3
import SyntheticScenes
import Torch
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// How an update is computed, on which its numbers do not depend but for rounding.
struct TrainingMachineOptions: ParsableArguments {
    @Option(help: "Pictures that are read at once. (default: one a processor)")
    var dataloaderNumWorkers: Int?

    @Option(help: "Whether blocks are run again for their gradients: less memory, a third more time. (default: true)")
    var recompute: Switch?

    @Option(
        help: ArgumentHelp(
            "Keep the VAE's latents there and use them again: of masks, and without augmentation of pictures too.",
            valueName: "folder"))
    var latentCache: String?

    @Option(help: "Where to compute: auto takes an accelerator where there is one; cuda:1 is the second.")
    var device = DeviceChoice.auto

    @Option(help: "Threads of the CPU to compute with. (default: one for each physical core)")
    var threads: Int?

    func validate() throws {
        for (name, value) in [("dataloader-num-workers", dataloaderNumWorkers), ("threads", threads)] {
            if let value, value < 1 {
                throw ValidationError("--\(name) is \(value); a number from 1 on was expected.")
            }
        }
    }

    /// Whether blocks are run again for their gradients.
    var recomputes: Bool { recompute?.isOn ?? true }

    /// Pictures that are read at once.
    var workerCount: Int { dataloaderNumWorkers ?? ProcessInfo.processInfo.activeProcessorCount }

    /// Throws what `Trainer` does.
    func makeTrainer(
        _ settings: TrainingSettings, _ dataset: Dataset, checkpoint: TrainingCheckpoint? = nil,
        allowsChanges: Bool = false
    ) throws -> Trainer {
        if let threads { try TorchRuntime.setThreadCount(threads) }
        return try Trainer(
            settings, dataset: dataset, checkpoint: checkpoint, allowsChanges: allowsChanges,
            device: .usable(device.device), recomputes: recomputes, latentCache: latentCache,
            workerCount: workerCount)
    }
}

extension TrainingOptions {
    /// The settings; throws `ValidationError` with everything that makes no sense in them and where it is from.
    func checkedSettings() throws -> TrainingSettings {
        let settings = settings
        let problems = settings.problems()
        guard !problems.isEmpty else { return settings }
        let process = ProcessInfo.processInfo
        let layers = try TrainingLayers(process.arguments, environment: process.environment)
        let texts = problems.map { problem in
            let origin = layers.values[problem.setting]?.origin ?? "built-in"
            return origin.hasPrefix("--") ? problem.text : "\(problem.text) (\(origin))"
        }
        throw ValidationError(texts.joined(separator: "; ") + ".")
    }
}
