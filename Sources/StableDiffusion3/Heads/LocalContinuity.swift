package import Torch
package import TorchNN

/// Two 3 × 3 convolutions whose result is added to the transformer's output, over the borders of its patches (the local continuity module of
/// Lotus-2, arXiv 2512.01030). The last layer begins at zero, and the module as the identity.
package struct LocalContinuity {
    private let convIn: Conv2d
    private let convOut: Conv2d

    package init(_ weights: Weights, _ configuration: LocalContinuityConfiguration) throws {
        let (channels, hidden) = (configuration.channels, configuration.hiddenChannels)
        convIn = try Conv2d(weights["conv_in"], channels, hidden, kernelSize: 3, padding: 1)
        convOut = try Conv2d(weights["conv_out"], hidden, channels, kernelSize: 3, padding: 1)
    }

    /// `[N, C, h, w]` to the same.
    package func callAsFunction(_ x: Tensor) throws -> Tensor { try x + convOut(convIn(x).silu()) }
}

/// The `config.json` of ``LocalContinuity``, which is in `local_continuity/` of a model folder.
package struct LocalContinuityConfiguration: Codable, Sendable, Equatable, ModelConfiguration {
    static let className = "LocalContinuity"

    /// Of the latent.
    package let channels: Int
    package let hiddenChannels: Int

    enum CodingKeys: String, CodingKey, CaseIterable {
        case channels
        case hiddenChannels = "hidden_channels"
    }
    typealias Keys = CodingKeys

    /// For a model's own shape, twice as wide inside.
    package init(_ transformer: SD3TransformerConfiguration) {
        (channels, hiddenChannels) = (transformer.outChannels, 2 * transformer.outChannels)
    }

    func validate() throws {
        try require(hiddenChannels, in: 1...4096, CodingKeys.hiddenChannels.rawValue)
    }
}
