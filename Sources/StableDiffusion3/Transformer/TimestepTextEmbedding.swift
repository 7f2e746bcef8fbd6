import Foundation
package import Torch
package import TorchNN

/// The conditioning vector of a timestep and a pooled prompt (diffusers 0.35.2 `CombinedTimestepTextProjEmbeddings`).
package struct TimestepTextEmbedding {
    package let timestepEmbedder: TwoLayerPerceptron
    package let textEmbedder: TwoLayerPerceptron

    /// Width of the timestep's sinusoidal embedding.
    private static let sinusoidCount = 256

    init(_ weights: Weights, _ configuration: SD3TransformerConfiguration) throws {
        timestepEmbedder = try TwoLayerPerceptron(
            weights["timestep_embedder"], Self.sinusoidCount, configuration.innerDim)
        textEmbedder = try TwoLayerPerceptron(
            weights["text_embedder"], configuration.pooledProjectionDim, configuration.innerDim)
    }

    /// `pooled` `[N, pooled]` to `[N, D]`.
    package func callAsFunction(timestep: Double, pooled: Tensor) throws -> Tensor {
        let sinusoid = try Self.sinusoid(timestep).to(pooled.dtype, device: pooled.device)
        return try timestepEmbedder(sinusoid) + textEmbedder(pooled)
    }

    /// Cosines, then sines, of the timestep at 128 frequencies from 1 down to nearly 1/10000, `[1, 256]`
    /// (diffusers' `get_timestep_embedding` with `flip_sin_to_cos` and no frequency shift).
    static func sinusoid(_ timestep: Double) throws -> Tensor {
        let half = sinusoidCount / 2
        let exponent = try Tensor.arange(0..<half, dtype: .float32) * -log(10000) / Double(half)
        let angles = try exponent.exp() * timestep
        return try cat([angles.cos(), angles.sin()], axis: 0).reshape([1, sinusoidCount])
    }
}

/// `linear_2(silu(linear_1(x)))`.
package struct TwoLayerPerceptron {
    package let linear1: Linear
    package let linear2: Linear

    init(_ weights: Weights, _ inputCount: Int, _ outputCount: Int) throws {
        linear1 = try Linear(weights["linear_1"], inputCount, outputCount)
        linear2 = try Linear(weights["linear_2"], outputCount, outputCount)
    }

    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        try linear2(linear1(x).silu())
    }
}
