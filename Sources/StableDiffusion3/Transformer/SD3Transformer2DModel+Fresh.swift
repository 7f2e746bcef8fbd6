package import Torch
import TorchNN

extension SD3Transformer2DModel {
    /// The weights of a transformer that is trained from nothing, by diffusers' keys, float32.
    ///
    /// As in DiT (Peebles and Xie, arXiv 2212.09748) modulation and the output are 0 at first, so that every block begins as the
    /// identity.
    package static func freshWeights(
        _ configuration: SD3TransformerConfiguration, seed: UInt32
    ) throws -> [String: Tensor] {
        let fresh = FreshWeights(seed: seed) { key, shape in
            if key == PositionTable.key { return try PositionTable.make(configuration) }
            let isZero =
                key == "proj_out.weight" || key == "norm_out.linear.weight"
                || (key.hasPrefix("transformer_blocks.") && key.hasSuffix(".linear.weight"))
            return isZero ? try Tensor.zeros(shape) : nil
        }
        _ = try SD3Transformer2DModel(configuration, Weights(fresh))
        return fresh.tensors
    }
}

extension AutoencoderKL {
    /// The weights of an autoencoder that is trained from nothing, by diffusers' keys, float32.
    package static func freshWeights(
        _ configuration: AutoencoderKLConfiguration, seed: UInt32
    ) throws -> [String: Tensor] {
        let fresh = FreshWeights(seed: seed)
        _ = try AutoencoderKL(configuration, Weights(fresh))
        return fresh.tensors
    }
}
