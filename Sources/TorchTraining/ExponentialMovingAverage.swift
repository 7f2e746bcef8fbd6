package import Torch

/// An average of the weights over the updates, which forgets slowly.
package final class ExponentialMovingAverage {
    /// The share that the average keeps of itself in an update, once there have been many.
    package let decay: Double
    package let state: TrainedState
    /// Whether the weights are not what they were, for they could not be put back after ``withAverages(_:)``.
    package private(set) var hasLostWeights = false

    /// Begins with the weights as they are.
    package init(_ state: TrainedState, decay: Double) throws {
        (self.state, self.decay) = (state, decay)
        for part in state.parts {
            try state.storage.with(.master, of: part.index) {
                try state.storage.create(.average, of: part.index, from: $0.clone())
            }
        }
    }

    /// Takes in a part's weights after an update. Early ones count more, as in diffusers 0.35.2 `EMAModel`.
    ///
    /// - Parameter step: The updates before this one.
    package func update(part: Int, master: Tensor, step: Int) throws {
        let decay = min(decay, Double(1 + step) / Double(10 + step))
        try state.storage.with(.average, of: part, .changed) { average in
            try average.affineInPlace(scale: decay, shift: 0)
            try average.addInPlace(master * (1 - decay))
        }
    }

    /// Does something with the averages in the weights' place.
    package func withAverages<R>(_ body: () throws -> R) throws -> R {
        hasLostWeights = true
        let result = Result {
            try compute(with: .average)
            return try body()
        }
        try compute(with: .master)
        hasLostWeights = false
        return try result.get()
    }

    private func compute(with slot: StateSlot) throws {
        for part in state.parts { try part.weights.compute(with: slot) }
    }
}
