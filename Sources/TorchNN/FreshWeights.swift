import Foundation
package import Torch

/// The weights of a model that is trained from nothing, made as its layers ask for them.
///
/// Biases are 0 and the weights of norms 1; matrices are drawn from a normal distribution with Glorot and Bengio's variance
/// 2 / (in + out), convolutions with torch's, 1 / (3 · fan in).
package final class FreshWeights {
    /// What has been made, by keys.
    package private(set) var tensors: [String: Tensor] = [:]
    private let seed: UInt32
    private let special: (_ key: String, _ shape: [Int]) throws -> Tensor?

    /// - Parameter special: Makes what is not to follow the rules; nil for what is.
    package init(seed: UInt32, special: @escaping (_ key: String, _ shape: [Int]) throws -> Tensor? = { _, _ in nil }) {
        (self.seed, self.special) = (seed, special)
    }

    func tensor(_ key: String, shape: [Int]) throws -> Tensor {
        if let made = tensors[key] { return made }
        let made = try special(key, shape) ?? initial(key, shape)
        tensors[key] = made
        return made
    }

    private func initial(_ key: String, _ shape: [Int]) throws -> Tensor {
        guard shape.count > 1 else {
            return try key.hasSuffix("bias") ? Tensor.zeros(shape) : Tensor.ones(shape)
        }
        let fanIn = shape.dropFirst().reduce(1, *)
        let variance = shape.count == 2 ? 2 / Double(shape[0] + shape[1]) : 1 / Double(3 * fanIn)
        // A stream of its own for each weight: the number of those made before, in the layers' fixed order.
        return try Tensor.randn(shape, seed: seed &+ UInt32(tensors.count)) * variance.squareRoot()
    }
}
