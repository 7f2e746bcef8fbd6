import Torch
import TransparencySegmentation

/// Samples of one pass, in memory and not yet on the device.
struct TrainingBatch: Sendable {
    let samples: [TrainingSample]
    /// Where the first of them is in the run's sequence of samples.
    let position: Int
    /// The pictures' paths, for messages.
    let names: [String]
    /// The sentences of pictures that could not be read and had others in their places, by their paths.
    let unreadable: [String: String]
}

/// Reads the batches of one process ahead on threads of its own, in the order of a run. Processes take batches in turn, by rank.
@ComputeActor
final class TrainingLoader {
    private let reader: TrainingReader
    private let workerCount: Int
    private let rank: Int
    private let processCount: Int
    /// The first sample of the next batches to begin with, of all processes.
    private var cursor: Int
    private var pending: [Task<TrainingBatch, any Error>] = []
    /// Batches that are read while one is trained on.
    nonisolated static let depth = 3

    /// - Parameter cursor: How many samples the run has seen.
    init(_ reader: TrainingReader, cursor: Int, workerCount: Int, rank: Int = 0, processCount: Int = 1) {
        (self.reader, self.cursor, self.workerCount) = (reader, cursor, max(1, workerCount))
        (self.rank, self.processCount) = (rank, processCount)
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
        let (reader, workerCount, batchSize) = (reader, workerCount, reader.samples.batchSize)
        let first = cursor + rank * batchSize
        let places = reader.order.places(from: first, count: batchSize)
        cursor += processCount * batchSize
        return Task.detached {
            var readings: [Int: TrainingReader.Reading] = [:]
            try await withThrowingTaskGroup(of: (Int, TrainingReader.Reading).self) { group in
                for (position, place) in places.enumerated() {
                    if position >= workerCount, let (index, reading) = try await group.next() {
                        readings[index] = reading
                    }
                    group.addTask { (position, try reader.read(place, at: first + position)) }
                }
                for try await (index, reading) in group { readings[index] = reading }
            }
            let ordered = places.indices.compactMap { readings[$0] }
            return TrainingBatch(
                samples: ordered.map(\.sample), position: first, names: ordered.map(\.name),
                unreadable: ordered.reduce(into: [:]) { $0.merge($1.unreadable) { $1 } })
        }
    }
}
