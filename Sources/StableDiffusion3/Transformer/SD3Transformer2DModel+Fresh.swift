import Foundation
package import Torch
import TorchNN

extension SD3Transformer2DModel {
    /// The weights of a transformer that is trained from nothing, by diffusers' keys, float32.
    ///
    /// As in DiT (Peebles and Xie, arXiv 2212.09748) modulation and the output are 0 at first, so that every block begins as the
    /// identity. The positional embedding is diffusers' `get_2d_sincos_pos_embed`.
    package static func freshWeights(
        _ configuration: SD3TransformerConfiguration, seed: UInt32
    ) throws -> [String: Tensor] {
        let fresh = FreshWeights(seed: seed) { key, shape in
            if key == "pos_embed.pos_embed" { return try positionTable(configuration) }
            let isZero =
                key == "proj_out.weight" || key == "norm_out.linear.weight"
                || (key.hasPrefix("transformer_blocks.") && key.hasSuffix(".linear.weight"))
            return isZero ? try Tensor.zeros(shape) : nil
        }
        _ = try SD3Transformer2DModel(configuration, Weights(fresh))
        return fresh.tensors
    }

    /// `[1, side², D]`: sines, then cosines, of a position's column in the first half and of its row in the second.
    static func positionTable(_ configuration: SD3TransformerConfiguration) throws -> Tensor {
        let (side, width) = (configuration.posEmbedMaxSize, configuration.innerDim)
        let base = Double(configuration.sampleSize / configuration.patchSize)
        let quarter = width / 4
        let frequencies = (0..<quarter).map { pow(10_000, -Double($0) / Double(quarter)) }
        func embedding(_ index: Int) -> [Float] {
            let place = Double(index) / (Double(side) / base)
            return frequencies.map { Float(sin(place * $0)) } + frequencies.map { Float(cos(place * $0)) }
        }
        let embeddings = (0..<side).map(embedding)
        let table = (0..<side).flatMap { row in (0..<side).flatMap { embeddings[$0] + embeddings[row] } }
        return try Tensor(table, shape: [1, side * side, width])
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
