public import ArgumentParser
import Foundation
import StableDiffusion3
import SyntheticScenes
import Torch
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
public import TransparencyTraining

/// `transeg bench train`: updates on drawn scenes.
struct BenchTrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Times updates of training, with reading and augmentation of drawn scenes.")

    @OptionGroup var options: BenchOptions

    @Option(help: "What is trained: all weights, those of the folded transformer, or low-rank adapters.")
    var trainable = TrainingSettings.Trainable.all

    @Option(
        name: [.long, .customLong("recompute")],
        help: "Whether blocks run again for their gradients, which takes less memory and a third more time.",
        completion: .list(["true", "false"]),
        transform: { text in
            guard let value = Bool(settingText: text) else {
                throw ValidationError("--gradient-checkpointing is \(text); true or false was expected")
            }
            return value
        })
    var gradientCheckpointing = true

    func run() async throws {
        try await options.threads.apply()
        let (report, profile) = try await withTemporaryFolder { folder in try await measure(in: folder) }
        if options.json {
            try StandardStream.output.write(report.json())
        } else {
            try print(report.text)
            if let profile { try print("\n" + BenchReport.text(profile)) }
        }
    }

    private func measure(in folder: String) async throws -> (BenchReport, OperationProfile?) {
        let scenes = SyntheticDataset(
            seed: 0, size: max(16, options.size / 16 * 16), counts: [.train: 2 * options.batch])
        _ = try await scenes.write(
            to: "\(folder)/scenes", threadCount: ProcessInfo.processInfo.activeProcessorCount, isCancelled: { false },
            progress: { _ in })
        let settings = try self.settings(in: folder)
        let clock = ContinuousClock()
        let start = clock.now
        let trainer = try await Trainer(settings, dataset: settings.openDataset())
        let load = (clock.now - start) / .seconds(1)
        _ = try await trainer.update()
        var updates: [TrainingUpdate] = []
        for _ in 0..<options.runs { updates.append(try await trainer.update()) }
        var profile: OperationProfile?
        if options.profile {
            let made = OperationProfile(device: trainer.device)
            _ = try await OperationProfile.$current.withValue(made) {
                made.restart()
                return try await trainer.update()
            }
            profile = made
        }
        var report = BenchReport(
            steps: [
                .init(name: "update", seconds: updates.map(\.seconds), flops: nil),
                .init(name: "data_wait", seconds: updates.map(\.dataWait), flops: nil),
            ], loadSeconds: load, peakBytes: try trainer.device.peakMemory(),
            machinePeak: try BenchReport.machinePeak(dtype: options.dtype.dtype, device: trainer.device))
        report.extra["pictures_per_s"] = Double(options.batch) / updates.map(\.seconds).median
        return (report, profile)
    }

    private func settings(in folder: String) throws -> TrainingSettings {
        var settings = TrainingSettings()
        settings.model.baseModelPath = try options.model ?? options.shape.makeModel(in: folder, side: options.size)
        settings.model.trainable = trainable
        settings.model.head = options.head ?? .latent
        settings.model.dataType =
            switch options.dtype {
            case .float32: .fp32
            case .bfloat16: .bf16
            case .float16: .fp16
            }
        (settings.dataset.datasetPath, settings.dataset.resolution) = ("\(folder)/scenes", options.size)
        (settings.training.trainBatchSize, settings.training.gradientAccumulationSteps) = (options.batch, 1)
        (settings.training.maxTrainSteps, settings.learningRateScheduler.lrWarmupSteps) = (options.runs + 2, 0)
        (settings.compute.device, settings.compute.gradientCheckpointing) = (
            options.device.device, gradientCheckpointing
        )
        return settings
    }
}

extension TrainingSettings.Trainable: ExpressibleByArgument {}
