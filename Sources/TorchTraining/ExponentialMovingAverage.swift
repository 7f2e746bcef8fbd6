package import Torch

/// An average of the weights over the updates, which forgets slowly.
package final class ExponentialMovingAverage {
    /// The share that the average keeps of itself in an update, once there have been many.
    package let decay: Double
    package let buffers: [ParameterBuffer]
    /// As long as the buffers, float32.
    package let averages: [Tensor]
    /// Whether the weights are not what they were, for they could not be put back after ``withAverages(_:)``.
    package private(set) var hasLostWeights = false

    /// Begins with the weights as they are.
    package init(_ buffers: [ParameterBuffer], decay: Double) throws {
        (self.buffers, self.decay) = (buffers, decay)
        averages = try buffers.map { try $0.master.clone() }
    }

    /// Takes in the weights after an update. Early ones count more, as in diffusers 0.35.2 `EMAModel`.
    ///
    /// - Parameter step: The updates before this one.
    package func update(step: Int) throws {
        let decay = min(decay, Double(1 + step) / Double(10 + step))
        for (average, buffer) in zip(averages, buffers) {
            try average.affineInPlace(scale: decay, shift: 0)
            try average.addInPlace(buffer.master * (1 - decay))
        }
    }

    /// Does something with the averages in the weights' place.
    package func withAverages<R>(_ body: () throws -> R) throws -> R {
        let own = try buffers.map { try $0.master.clone() }
        func put(_ values: [Tensor]) throws {
            for (buffer, value) in zip(buffers, values) {
                try buffer.master.copyInPlace(value)
                try buffer.refresh()
            }
        }
        hasLostWeights = true
        let result = Result {
            try put(averages)
            return try body()
        }
        try put(own)
        hasLostWeights = false
        return try result.get()
    }
}
