import Torch
import TransparencyData
import TransparencySegmentation

/// Samples of one pass, in memory and not yet on the device.
struct TrainingBatch: Sendable {
    let samples: [TrainingSample]
    /// The pictures' paths, for messages.
    let names: [String]
}

/// Reads batches ahead on threads of its own, in the order of a run.
@ComputeActor
final class TrainingLoader {
    private let dataset: Dataset
    private let pairs: [DatasetPair]
    private let reading: TrainingSamples
    private let order: TrainingOrder
    private let workerCount: Int
    private let cache: LatentCache?
    /// The first sample of the next batch to begin with.
    private var cursor: Int
    private var pending: [Task<TrainingBatch, any Error>] = []
    /// Batches that are read while one is trained on.
    nonisolated static let depth = 3

    /// - Parameter cursor: How many samples the run has seen.
    init(
        _ dataset: Dataset, _ pairs: [DatasetPair], _ reading: TrainingSamples, cursor: Int, workerCount: Int,
        cache: LatentCache? = nil
    ) {
        (self.dataset, self.pairs, self.reading, self.cursor) = (dataset, pairs, reading, cursor)
        (self.workerCount, self.cache) = (max(1, workerCount), cache)
        order = TrainingOrder(pictureCount: pairs.count, seed: reading.seed, isShuffled: reading.isShuffled)
    }

    deinit { for task in pending { task.cancel() } }

    /// The next batch. Throws `DatasetError`, `ImageError`, `AugmentationError`, which name the file.
    func next() async throws -> TrainingBatch {
        while pending.count < Self.depth { pending.append(begin()) }
        return try await pending.removeFirst().value
    }

    /// Goes back, or on, to where a run has seen `cursor` samples.
    func seek(to cursor: Int) {
        for task in pending { task.cancel() }
        (pending, self.cursor) = ([], cursor)
    }

    private func begin() -> Task<TrainingBatch, any Error> {
        let places = order.places(from: cursor, count: reading.batchSize)
        cursor += places.count
        let (dataset, pairs, reading, workerCount, cache) = (dataset, pairs, reading, workerCount, cache)
        return Task.detached {
            var samples: [Int: TrainingSample] = [:]
            try await withThrowingTaskGroup(of: (Int, TrainingSample).self) { group in
                for (position, place) in places.enumerated() {
                    if position >= workerCount, let (index, sample) = try await group.next() { samples[index] = sample }
                    group.addTask {
                        let parameters =
                            reading.isAugmented
                            ? AugmentationParameters(seed: reading.seed, epoch: place.epoch, index: place.index)
                            : .none
                        let sample = try TrainingSample(
                            pairs[place.index], of: dataset, parameters, target: reading.target,
                            side: reading.side, cache: cache)
                        return (position, sample)
                    }
                }
                for try await (index, sample) in group { samples[index] = sample }
            }
            return TrainingBatch(
                samples: places.indices.compactMap { samples[$0] }, names: places.map { pairs[$0.index].picture })
        }
    }
}
