import Foundation
import StableDiffusion3
import Testing
import Torch
import TorchTraining
import TransparencyData

@testable import TransparencyTraining

/// An update that fails leaves everything as it was.
@Suite @ComputeActor struct TrainerTests {
    struct Failure: Error, Equatable {}

    /// Weights, moments and counts, bit by bit.
    private func bits(_ trainer: Trainer) throws -> [String: [Float]] {
        let parts = try trainer.transformer.stateDict() + trainer.optimizer.stateDict()
        let averages = try trainer.average?.stateDict().map { ("average." + $0.key, $0.tensor) } ?? []
        return Dictionary(
            uniqueKeysWithValues: try (parts + averages).map { ($0.0, try $0.1.array(of: Float.self)) })
    }

    private func expectNoGradients(of trainer: Trainer) throws {
        for (_, gradient) in try trainer.transformer.trained.views(of: .gradient) {
            #expect(try gradient.array(of: Float.self).allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: [TrainingSettings.DataType.fp32, .bf16, .fp16])
    func aFailureInAnyPassCanBeTriedAgain(dataType: TrainingSettings.DataType) async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await smallRun(in: folder)
            (settings.model.dataType, settings.training.emaDecay) = (dataType, 0.9)
            let dataset = try settings.openDataset()
            let whole = try Trainer(settings, dataset: dataset)
            let cut = try Trainer(settings, dataset: dataset)
            for part in 0..<3 {
                let expected = try await whole.update()
                let (before, state) = (try bits(cut), cut.state)
                cut.didAccumulate = { if $0 == part { throw Failure() } }
                await #expect(throws: Failure()) { _ = try await cut.update(rate: nil) }
                #expect(cut.state == state)
                #expect(try bits(cut) == before)
                try expectNoGradients(of: cut)
                cut.didAccumulate = { _ in }
                let found = try await cut.update()
                #expect(found.loss == expected.loss && found.gradNorm == expected.gradNorm)
                #expect(try bits(cut) == bits(whole))
            }
        }
    }

    @Test(
        arguments: [TrainingSettings.Trainable.all, .folded, .lora], [TrainingSettings.DataType.fp32, .bf16])
    func offloadChangesNoBit(trainable: TrainingSettings.Trainable, dataType: TrainingSettings.DataType) async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await smallRun(in: folder, trainable: trainable)
            (settings.model.dataType, settings.training.emaDecay) = (dataType, 0.9)
            let dataset = try settings.openDataset()
            let resident = try Trainer(settings, dataset: dataset)
            var others: [Trainer] = []
            for (offload, place) in [
                (TrainingSettings.Offload.optimizer, "host"), (.all, "host"), (.optimizer, "\(folder)/away"),
                (.all, "\(folder)/away"),
            ] {
                (settings.compute.offload, settings.compute.offloadTo) = (offload, place)
                others.append(try Trainer(settings, dataset: dataset))
            }
            for _ in 0..<3 {
                let expected = try await resident.update()
                for other in others {
                    let found = try await other.update()
                    #expect(found.loss == expected.loss && found.gradNorm == expected.gradNorm)
                }
            }
            for other in others { #expect(try bits(other) == bits(resident)) }
        }
    }

    @Test func aPictureThatCannotBeReadCanBeReadLater() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let settings = try await smallRun(in: folder, trainable: .lora)
            let dataset = try settings.openDataset()
            let (whole, cut) = (try Trainer(settings, dataset: dataset), try Trainer(settings, dataset: dataset))
            // Of the second pass: more than a run does without.
            let paths = try dataset.pairs(.train)[2...3].map { "\(folder)/scenes/\($0.picture)" }
            for path in paths { try FileManager.default.moveItem(atPath: path, toPath: path + ".away") }
            let state = cut.state
            await #expect(throws: (any Error).self) { _ = try await cut.update(rate: nil) }
            #expect(cut.state == state)
            try expectNoGradients(of: cut)
            for path in paths { try FileManager.default.moveItem(atPath: path + ".away", toPath: path) }
            for _ in 0..<2 { #expect(try await cut.update().loss == whole.update().loss) }
            #expect(try bits(cut) == bits(whole))
        }
    }

    @Test func memoryThatRunsOutHasARemedy() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await smallRun(in: folder, trainable: .lora)
            settings.compute.gradientCheckpointing = false
            let trainer = try Trainer(settings, dataset: settings.openDataset())
            let (state, before) = (trainer.state, try bits(trainer))
            trainer.didAccumulate = { if $0 == 1 { _ = try Tensor.zeros([1 << 46]) } }
            await #expect {
                _ = try await trainer.update()
            } throws: { error in
                let text = "\(error)"
                return text.contains("update 1 failed: memory ran out")
                    && ["--train-batch-size", "--gradient-checkpointing true", "--gradient-accumulation-steps"]
                        .allSatisfy(
                            text.contains)
            }
            #expect(trainer.state == state)
            #expect(try bits(trainer) == before)
        }
    }

    @Test func onePictureThatVanishesIsSkippedAndNamed() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let settings = try await smallRun(in: folder, trainable: .lora)
            let dataset = try settings.openDataset()
            let trainer = try Trainer(settings, dataset: dataset)
            let name = try dataset.pairs(.train)[3].picture
            try FileManager.default.removeItem(atPath: "\(folder)/scenes/\(name)")
            let update = try await trainer.update()
            #expect(update.unreadable?.count == 1 && update.warning?.contains("\(name) does not exist") == true)
            #expect(trainer.state.cursor == 6)
            let other = try dataset.pairs(.train)[0].picture
            try FileManager.default.removeItem(atPath: "\(folder)/scenes/\(other)")
            await #expect {
                for _ in 0..<2 { _ = try await trainer.update() }
            } throws: { error in
                guard case TrainingError.unreadablePictures(let faults) = error else { return false }
                return faults.count == 2 && "\(error)".contains(name) && "\(error)".contains("--repair")
            }
        }
    }

    @Test func whatIsNoNumberIsToldAndChangesNothing() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let settings = try await smallRun(in: folder)
            let trainer = try Trainer(settings, dataset: settings.openDataset())
            _ = try await trainer.update(rate: 1e30)
            let skipped = try await trainer.update(rate: nil, skipLimit: 2)
            #expect(skipped.skipped && trainer.state.skippedInARow == 1)
            let (state, before) = (trainer.state, try bits(trainer))
            await #expect {
                _ = try await trainer.update(rate: nil, skipLimit: 2)
            } throws: { error in
                guard case TrainingError.notFinite(2, let names) = error else { return false }
                return names.count == 6
            }
            #expect(trainer.state == state)
            #expect(try bits(trainer) == before)
            try expectNoGradients(of: trainer)
        }
    }

    /// The transformer takes what it gave.
    @Test func theTransformersStateIsTaken() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            let settings = try await smallRun(in: folder)
            let (one, other) = (
                try Trainer(settings, dataset: settings.openDataset()),
                try Trainer(settings, dataset: settings.openDataset())
            )
            _ = try await one.update()
            #expect(try bits(one) != bits(other))
            try other.transformer.load(
                Dictionary(uniqueKeysWithValues: one.transformer.stateDict().map { ($0.key, $0.tensor) }))
            try other.optimizer.load(
                Dictionary(uniqueKeysWithValues: one.optimizer.stateDict().map { ($0.key, $0.tensor) }))
            #expect(try bits(one) == bits(other))
            #expect { try other.optimizer.load([:]) } throws: { "\($0)" == "it has no step" }
        }
    }
}
