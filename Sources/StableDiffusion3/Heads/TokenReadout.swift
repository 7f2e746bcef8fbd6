package import Torch
package import TorchNN

/// A linear layer from each token, after the transformer's last norm, to the pixels that the token stands for, in place of the output
/// projection and the VAE's decoder (ReChannel, arXiv 2607.06553: "token-local linear head").
package struct TokenReadout {
    package let configuration: TokenReadoutConfiguration
    let proj: Linear

    /// Takes `proj.weight` `[P·P·K, D]` and `proj.bias`, for K classes and P × P pixels a token.
    package init(_ weights: Weights, _ configuration: TokenReadoutConfiguration) throws {
        self.configuration = configuration
        proj = try Linear(weights["proj"], configuration.innerDim, configuration.valueCount)
    }

    /// Normed tokens `[N, T, D]` of `rows` rows to logits `[N, K, H, W]`; of one class how surely a pixel is glass, of three background,
    /// things and stuff.
    package func callAsFunction(_ tokens: Tensor, rows: Int) throws -> Tensor {
        let (side, classes) = (configuration.patchSize, configuration.numClasses)
        let (count, columns) = (tokens.size(0), tokens.size(1) / rows)
        return try proj(tokens).reshape([count, rows, columns, side, side, classes])
            .permute([0, 5, 1, 3, 2, 4])
            .reshape([count, classes, rows * side, columns * side])
    }
}

/// The `config.json` of ``TokenReadout``, which is in `mask_head/` of a model folder.
package struct TokenReadoutConfiguration: Codable, Sendable, Equatable, ModelConfiguration {
    static let className = "TokenReadout"

    /// Width of a token.
    package let innerDim: Int
    /// Side in pixels of the square that a token stands for.
    package let patchSize: Int
    /// 1 for glass alone, 3 for background, things and stuff.
    package let numClasses: Int

    /// Numbers that a token gives.
    package var valueCount: Int { patchSize * patchSize * numClasses }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case innerDim = "inner_dim"
        case patchSize = "patch_size"
        case numClasses = "num_classes"
    }
    typealias Keys = CodingKeys

    /// For a model's own shape.
    package init(_ transformer: SD3TransformerConfiguration, _ vae: AutoencoderKLConfiguration, classes: Int) {
        (innerDim, numClasses) = (transformer.innerDim, classes)
        patchSize = transformer.patchSize * vae.downsampling
    }

    func validate() throws {
        try require(numClasses == 1 || numClasses == 3, "num_classes", numClasses, "1 or 3")
    }
}
