import TransparencyData
import TransparencySegmentation

/// Reads the samples of a run by their places in its order.
struct TrainingReader: Sendable {
    let dataset: Dataset
    let pairs: [DatasetPair]
    let samples: TrainingSamples
    let cache: LatentCache?
    /// Pictures in a row that may be unreadable.
    let tolerance: Int
    let order: TrainingOrder

    init(
        _ dataset: Dataset, _ pairs: [DatasetPair], _ samples: TrainingSamples, cache: LatentCache?, tolerance: Int
    ) {
        (self.dataset, self.pairs, self.samples) = (dataset, pairs, samples)
        (self.cache, self.tolerance) = (cache, tolerance)
        order = TrainingOrder(pictureCount: pairs.count, seed: samples.seed, isShuffled: samples.isShuffled)
    }

    /// What was read for a place.
    struct Reading: Sendable {
        let sample: TrainingSample
        /// The picture's path.
        let name: String
        /// The sentences of pictures that could not be read, by their paths.
        let unreadable: [String: String]
    }

    /// Reads the sample of a place; where that cannot be read, the next one of the order that can, so that nothing else of the run moves.
    ///
    /// - Parameter position: Of the place, in the run's sequence of samples.
    /// - Throws: What reading the last one tried throws.
    func read(_ place: TrainingOrder.Place, at position: Int) throws -> Reading {
        var (place, unreadable) = (place, [String: String]())
        for attempt in 0...tolerance {
            let pair = pairs[place.index]
            do {
                return Reading(sample: try read(pair, place), name: pair.picture, unreadable: unreadable)
            } catch let error as TrainingError {
                // No fault of the picture.
                throw error
            } catch {
                guard attempt < tolerance else { throw error }
                unreadable[pair.picture] = "\(error)"
                place = order.places(from: position + attempt + 1, count: 1)[0]
            }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    private func read(_ pair: DatasetPair, _ place: TrainingOrder.Place) throws -> TrainingSample {
        let parameters =
            samples.isAugmented
            ? AugmentationParameters(seed: samples.seed, epoch: place.epoch, index: place.index) : .none
        return try TrainingSample(
            pair, of: dataset, parameters, target: samples.target, side: samples.side, cache: cache)
    }
}
