import TransparencyData
import TransparencySegmentation

/// Reads the samples of a run by their places in its order.
struct TrainingReader: Sendable {
    let dataset: Dataset
    let pairs: [DatasetPair]
    let samples: TrainingSamples
    let cache: LatentCache?
    /// Pictures that may be unreadable in a search for one that is not.
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
    /// - Throws: ``TrainingError/unreadablePictures(_:)`` when more than are tolerated cannot be read; where none is, what reading throws.
    func read(_ place: TrainingOrder.Place, at position: Int) throws -> Reading {
        var (place, unreadable) = (place, [String: String]())
        // Two epochs have every picture at least once, wherever they begin.
        for offset in 1...2 * pairs.count {
            let pair = pairs[place.index]
            if unreadable[pair.picture] == nil {
                do {
                    return Reading(sample: try read(pair, place), name: pair.picture, unreadable: unreadable)
                } catch let error as TrainingError {
                    // No fault of the picture.
                    throw error
                } catch {
                    guard tolerance > 0 else { throw error }
                    unreadable[pair.picture] = "\(error)"
                    if unreadable.count > tolerance { break }
                }
            }
            place = order.places(from: position + offset, count: 1)[0]
        }
        throw TrainingError.unreadablePictures(unreadable.sorted { $0.key < $1.key }.map(\.value))
    }

    private func read(_ pair: DatasetPair, _ place: TrainingOrder.Place) throws -> TrainingSample {
        let parameters =
            samples.isAugmented
            ? AugmentationParameters(seed: samples.seed, epoch: place.epoch, index: place.index) : .none
        return try TrainingSample(pair, of: dataset, parameters, samples, cache: cache)
    }
}
