import Foundation
import StableDiffusion3
import TestSupport
import Testing
import Torch
import TorchTraining
import TransparencySegmentation

@testable import TransparencyTraining

/// Runs with heads keep the promises that runs without them keep.
@Suite @ComputeActor struct HeadTrainingTests {
    struct Run: Sendable, CustomTestStringConvertible {
        var trainable = TrainingSettings.Trainable.all
        var head = MaskHead.readout
        var target = MaskTarget.binary
        var dataType = TrainingSettings.DataType.fp32

        var testDescription: String { "\(trainable) \(head) \(target) \(dataType)" }
    }

    nonisolated static let runs: [Run] = [
        Run(), Run(trainable: .folded, target: .color), Run(trainable: .lora), Run(trainable: .head, dataType: .bf16),
        Run(trainable: .folded, head: .latent), Run(trainable: .head, head: .latent, dataType: .bf16),
        Run(trainable: .lora, head: .latent, target: .color), Run(dataType: .fp16),
    ]

    private func settings(_ run: Run, in folder: String) async throws -> TrainingSettings {
        var settings = try await smallRun(in: folder, trainable: run.trainable)
        (settings.model.head, settings.model.target, settings.model.dataType) = (run.head, run.target, run.dataType)
        settings.model.localContinuity = run.head == .latent
        settings.training.emaDecay = 0.9
        settings.training.losses =
            run.head == .readout
            ? LossWeights([.crossEntropy: 1, .boundary: 0.2])
            : LossWeights([.latentMSE: 1, .crossEntropy: 0.5, .dice: 0.5])
        return settings
    }

    private func bits(_ trainer: Trainer) throws -> [String: [Float]] {
        let parts = try trainer.transformer.stateDict() + trainer.optimizer.stateDict()
        let averages = try trainer.average?.stateDict().map { ("average." + $0.key, $0.tensor) } ?? []
        return Dictionary(
            uniqueKeysWithValues: try (parts + averages).map { ($0.0, try $0.1.array(of: Float.self)) })
    }

    /// Runs three updates, saves, and gives the checkpoint.
    private func saved(_ trainer: Trainer, in folder: String) async throws -> TrainingCheckpoint {
        let store = FolderCheckpointStore(folder)
        for _ in 0..<3 { _ = try await trainer.update() }
        let saver = CheckpointSaver(store, ranks: Ranks(), keepCheckpoints: 2, beginningAt: 0)
        try saver.begin(trainer)
        try saver.join(trainer)
        return TrainingCheckpoint(store, step: trainer.step)
    }

    @Test(arguments: runs)
    func aRunGoesOnToTheSameBits(run: Run) async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let settings = try await settings(run, in: folder)
            let dataset = try settings.openDataset()
            let whole = try Trainer(settings, dataset: dataset)
            let checkpoint = try await saved(whole, in: "\(folder)/run")
            try checkpoint.verify()
            let resumed = try Trainer(settings, dataset: dataset, checkpoint: checkpoint)
            #expect(try bits(resumed) == bits(whole))
            for _ in 0..<2 {
                let (one, other) = (try await whole.update(), try await resumed.update())
                #expect(one.loss == other.loss && one.losses == other.losses)
            }
            #expect(try bits(resumed) == bits(whole))
        }
    }

    /// What is exported predicts what the run's own model does, folded or not.
    @Test(arguments: runs.filter { $0.dataType == .fp32 }, [false, true])
    func anExportedModelIsTheModel(run: Run, folded: Bool) async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await settings(run, in: folder)
            settings.training.emaDecay = nil
            let trainer = try Trainer(settings, dataset: settings.openDataset())
            let checkpoint = try await saved(trainer, in: "\(folder)/run")
            // Of the base, which is in float16, folding would keep the dtype.
            try checkpoint.export(to: "\(folder)/model", folded: folded, dtype: .float32)
            let model = try ModelFolder("\(folder)/model")
            try model.check()
            let form = try model.headForm()
            #expect(form == trainer.transformer.head)
            let exported = try model.loadFoldedTransformer(dtype: .float32, device: .cpu)
            let latent = try Tensor.randn([1, 16, 4, 4], seed: 8)
            let found = try withoutGradients {
                try exported(latent, head: model.loadHead(form, dtype: .float32, device: .cpu))
            }
            try expectClose(found, trainer.transformer(latent), within: Tolerance.folded, "prediction")
            // It is no longer what the base model and a fresh head give.
            let fresh = try Trainer(settings, dataset: settings.openDataset())
            #expect(try relativeError(fresh.transformer(latent), found) > 1e-3)
        }
    }

    @Test(arguments: [Run(), Run(trainable: .folded, head: .latent, dataType: .bf16), Run(trainable: .head)])
    func offloadChangesNoBit(run: Run) async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await settings(run, in: folder)
            let dataset = try settings.openDataset()
            let resident = try Trainer(settings, dataset: dataset)
            var others: [Trainer] = []
            for (offload, place) in [(TrainingSettings.Offload.all, "host"), (.all, "\(folder)/away")] {
                (settings.compute.offload, settings.compute.offloadTo) = (offload, place)
                others.append(try Trainer(settings, dataset: dataset))
            }
            for _ in 0..<2 {
                _ = try await resident.update()
                for other in others { _ = try await other.update() }
            }
            for other in others { #expect(try bits(other) == bits(resident)) }
        }
    }

    /// A readout learns, with what is frozen as it was, and recomputation or a cache change nothing but rounding.
    @Test func waysOfComputingAgree() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await settings(Run(), in: folder)
            settings.dataset.augment = false
            settings.model.vaePosterior = .mode
            @ComputeActor func losses(_ change: (inout TrainingSettings) -> Void) async throws -> [Double] {
                var other = settings
                change(&other)
                let trainer = try Trainer(other, dataset: other.openDataset())
                var losses: [Double] = []
                for _ in 0..<4 { losses.append(try await trainer.update().loss) }
                return losses
            }
            let plain = try await losses { _ in }
            #expect(plain[3] < plain[0])
            for other in [
                try await losses { $0.compute.gradientCheckpointing = false },
                try await losses { $0.dataset.latentCache = "\(folder)/latents" },
                try await losses { $0.dataset.latentCache = "\(folder)/latents" },
            ] {
                #expect(zip(plain, other).allSatisfy { abs($0 - $1) <= 1e-4 * $0 })
            }
        }
    }

    @Test func planesAreCounted() throws {
        for run in Self.runs {
            var settings = TrainingSettings()
            settings.model.baseModelPath = "\(goldens)/tiny-0"
            (settings.model.trainable, settings.model.head, settings.model.target) = (
                run.trainable, run.head, run.target
            )
            (settings.model.localContinuity, settings.dataset.resolution) = (run.head == .latent, 32)
            settings.model.loraRank = 2
            let model = try ModelFolder(settings.model.baseModelPath)
            let transformer = try settings.transformer(base: model, checkpoint: nil, device: .cpu, group: nil)
            let counted = transformer.trained.parts.map(\.layout.count)
            let shape = try TrainingShape(settings, model: model)
            #expect(shape.trained == counted.reduce(0, +) && shape.largestPart == counted.max(), "\(run)")
        }
    }

    @Test func anotherHeadDoesNotGoOn() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await settings(Run(), in: folder)
            let checkpoint = try await saved(
                Trainer(settings, dataset: settings.openDataset()), in: "\(folder)/run")
            (settings.model.head, settings.training.losses) = (.latent, nil)
            for allowsChanges in [false, true] {
                let text = errorMessage {
                    _ = try Trainer(
                        settings, dataset: settings.openDataset(), checkpoint: checkpoint, allowsChanges: allowsChanges)
                }
                #expect(text.contains("head"), "\(text)")
            }
            try FileManager.default.removeItem(
                atPath: "\(folder)/run/checkpoint-3/mask_head/diffusion_pytorch_model.safetensors")
            #expect(throws: TrainingError.self) { try checkpoint.verify() }
        }
    }
}
