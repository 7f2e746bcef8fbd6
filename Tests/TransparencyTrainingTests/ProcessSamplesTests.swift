import Foundation
import StableDiffusion3
import TestSupport
import Testing
import Torch
import TransparencyData

@testable import TransparencyTraining

/// What the samples and draws of a run are does not depend on how many processes share it.
@Suite struct ProcessSamplesTests {
    /// Names and positions of each pass in the order of (pass, rank).
    @ComputeActor private func samples(
        in folder: String, _ settings: TrainingSettings, processes: Int, batchSize: Int, passes: Int, from cursor: Int
    ) async throws -> [(position: Int, names: [String])] {
        var settings = settings
        (settings.training.processCount, settings.training.trainBatchSize) = (processes, batchSize)
        let dataset = try settings.openDataset()
        let reader = TrainingReader(dataset, try dataset.pairs(.train), settings.samples, cache: nil, tolerance: 0)
        let loaders = (0..<processes).map {
            TrainingLoader(reader, cursor: cursor, workerCount: 2, rank: $0, processCount: processes)
        }
        var batches: [(Int, [String])] = []
        for _ in 0..<passes {
            for loader in loaders {
                let batch = try await loader.next()
                batches.append((batch.position, batch.names))
            }
        }
        return batches
    }

    @Test(arguments: [(1, 6, 2), (2, 3, 2), (2, 1, 6), (3, 2, 2), (4, 1, 3)])
    func processesTakeEachSampleOnce(processes: Int, batchSize: Int, passes: Int) async throws {
        try await withFolder { folder in
            var settings = try await smallRun(in: folder)
            settings.dataset.shuffle = true
            let whole = try await samples(in: folder, settings, processes: 1, batchSize: 1, passes: 12, from: 5)
            let shared = try await samples(
                in: folder, settings, processes: processes, batchSize: batchSize, passes: passes, from: 5)
            #expect(shared.flatMap(\.names) == whole.flatMap(\.names))
            #expect(shared.map(\.position) == stride(from: 5, to: 17, by: batchSize).map(\.self))
        }
    }

    /// A draw is the same in every batch, and another for each sample, seed and kind.
    @Test func drawsBelongToTheirSamples() throws {
        let seeds = (0..<64).map { DrawSeeds(seed: 3, position: $0) } + [DrawSeeds(seed: 4, position: 0)]
        #expect(Set(seeds.map(\.picture) + seeds.map(\.mask)).count == 130)
        let parameters = try Tensor.randn([3, 8, 4, 4], seed: 1)
        let drawn = try DiagonalGaussianDistribution(parameters).sample(seeds: [5, 6, 7]).array(of: Float.self)
        let each = try (0..<3).map { index in
            try DiagonalGaussianDistribution(parameters.narrow(0, start: index, length: 1))
                .sample(seeds: [UInt32(5 + index)]).array(of: Float.self)
        }
        #expect(drawn == each.flatMap(\.self))
    }

    /// A run goes on with other factors of the same number of pictures, and not with another number.
    @Test func picturesOfAnUpdateAreComparedAndNotTheirFactors() throws {
        var before = TrainingSettings()
        (before.training.trainBatchSize, before.training.gradientAccumulationSteps) = (2, 3)
        before.training.processCount = 2
        var after = before
        (after.training.trainBatchSize, after.training.gradientAccumulationSteps) = (4, 1)
        after.training.processCount = 3
        let kept = try JSONDecoder().decode(TrainingSettings.self, from: JSONEncoder().encode(before))
        #expect(kept.training.effectiveBatchSize == 12)
        #expect(after.differences(from: kept).isEmpty)
        #expect(after.schedule(pictureCount: 100) == before.schedule(pictureCount: 100))
        #expect(after.training.totalSteps(pictureCount: 100) == 43 * 9)
        after.training.processCount = 1
        #expect(
            after.differences(from: kept) == [
                "an update had 12 pictures (train_batch_size 2 × gradient_accumulation_steps 3 × 2 processes) and has "
                    + "4 pictures (train_batch_size 4 × gradient_accumulation_steps 1)"
            ])
    }
}
