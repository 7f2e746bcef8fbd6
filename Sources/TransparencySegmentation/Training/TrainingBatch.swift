import Images
import Torch
import Trans10K

/// Augmented pictures and masks at the size of training, in memory and not yet on the device.
struct TrainingBatch: Sendable {
    let samples: [(picture: Image, mask: Image)]
    /// The pictures' paths, for messages.
    let names: [String]

    /// `[N, 3, S, S]` in 0…1, float32.
    func pictures(on device: Device) throws -> Tensor {
        let side = samples[0].picture
        let values = try Tensor(samples.flatMap(\.picture.pixels), shape: [samples.count, side.height, side.width, 3])
        return try values.to(device: device).permute([0, 3, 1, 2]).to(.float32).contiguous() / 255
    }

    /// `[N, 3, S, S]` of 0 and 1, float32: glass of any class in all three channels.
    func masks(on device: Device) throws -> Tensor {
        let side = samples[0].mask
        let values = try Tensor(samples.flatMap(\.mask.pixels), shape: [samples.count, 1, side.height, side.width])
        return try values.to(device: device).to(.float32).clamp(0...1).expand([-1, 3, -1, -1]).contiguous()
    }
}

/// Reads batches ahead on threads of its own, in the order of a run.
final class TrainingLoader {
    private let dataset: Dataset
    private let pairs: [DatasetPair]
    private let settings: TrainingSettings
    private let order: TrainingOrder
    private let workerCount: Int
    /// The first sample of the next batch to begin with.
    private var cursor: Int
    private var pending: [Task<TrainingBatch, any Error>] = []
    /// Batches that are read while one is trained on.
    private static let depth = 3

    /// - Parameter cursor: How many samples the run has seen.
    init(_ dataset: Dataset, _ pairs: [DatasetPair], _ settings: TrainingSettings, cursor: Int, workerCount: Int) {
        (self.dataset, self.pairs, self.settings, self.cursor) = (dataset, pairs, settings, cursor)
        self.workerCount = max(1, workerCount)
        order = TrainingOrder(pictureCount: pairs.count, seed: settings.seed, isShuffled: settings.shuffle)
    }

    deinit { for task in pending { task.cancel() } }

    /// The next batch. Throws `DatasetError`, `ImageError`, `AugmentationError`, which name the file.
    func next() async throws -> TrainingBatch {
        while pending.count < Self.depth { pending.append(begin()) }
        return try await pending.removeFirst().value
    }

    private func begin() -> Task<TrainingBatch, any Error> {
        let places = order.places(from: cursor, count: settings.trainBatchSize)
        cursor += places.count
        let (dataset, pairs, settings, workerCount) = (dataset, pairs, settings, workerCount)
        return Task.detached {
            var samples: [Int: (picture: Image, mask: Image)] = [:]
            try await withThrowingTaskGroup(of: (Int, (picture: Image, mask: Image)).self) { group in
                for (position, place) in places.enumerated() {
                    if position >= workerCount, let (index, sample) = try await group.next() { samples[index] = sample }
                    group.addTask {
                        let sample = try dataset.read(pairs[place.index])
                        let parameters =
                            settings.augment
                            ? AugmentationParameters(seed: settings.seed, epoch: place.epoch, index: place.index)
                            : .none
                        return (
                            position,
                            try parameters.apply(
                                to: sample.picture, mask: sample.mask, width: settings.resolution,
                                height: settings.resolution)
                        )
                    }
                }
                for try await (index, sample) in group { samples[index] = sample }
            }
            return TrainingBatch(
                samples: places.indices.compactMap { samples[$0] }, names: places.map { pairs[$0.index].picture })
        }
    }
}
