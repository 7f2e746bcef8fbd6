import Limits

/// The `config.json` of ``AutoencoderTiny`` (diffusers 0.35.2, `autoencoders/autoencoder_tiny.py`), with diffusers' defaults where a key is
/// missing. What only the encoder heeds is not read.
package struct AutoencoderTinyConfiguration: Decodable, Sendable, Equatable, ModelConfiguration {
    static let className = "AutoencoderTiny"

    package let outChannels: Int
    package let latentChannels: Int
    /// Channels of each resolution, from the latent's up to the picture's.
    package let decoderBlockOutChannels: [Int]
    /// Residual blocks of each resolution.
    package let numDecoderBlocks: [Int]
    /// What a latent of the transformer's range is divided by, before the shift is added.
    package let scalingFactor: Double
    package let shiftFactor: Double
    let upsamplingScalingFactor: Int
    let actFn: String
    let upsampleFn: String

    /// How many pixels one latent position stands for, along each axis.
    package var upsampling: Int { 1 << (decoderBlockOutChannels.count - 1) }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case outChannels = "out_channels"
        case latentChannels = "latent_channels"
        case decoderBlockOutChannels = "decoder_block_out_channels"
        case numDecoderBlocks = "num_decoder_blocks"
        case scalingFactor = "scaling_factor"
        case shiftFactor = "shift_factor"
        case upsamplingScalingFactor = "upsampling_scaling_factor"
        case actFn = "act_fn"
        case upsampleFn = "upsample_fn"
        // These change nothing in the decoder.
        case inChannels = "in_channels"
        case encoderBlockOutChannels = "encoder_block_out_channels"
        case numEncoderBlocks = "num_encoder_blocks"
        case latentMagnitude = "latent_magnitude"
        case latentShift = "latent_shift"
        case forceUpcast = "force_upcast"
        case blockOutChannels = "block_out_channels"
    }
    typealias Keys = CodingKeys

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func value<T: Decodable>(_ key: CodingKeys, _ fallback: T) throws -> T {
            values.contains(key) ? try values.decode(T.self, forKey: key) : fallback
        }
        outChannels = try value(.outChannels, 3)
        latentChannels = try value(.latentChannels, 4)
        decoderBlockOutChannels = try value(.decoderBlockOutChannels, [64, 64, 64, 64])
        numDecoderBlocks = try value(.numDecoderBlocks, [3, 3, 3, 1])
        scalingFactor = try value(.scalingFactor, 1)
        shiftFactor = try value(.shiftFactor, 0)
        upsamplingScalingFactor = try value(.upsamplingScalingFactor, 2)
        actFn = try value(.actFn, "relu")
        upsampleFn = try value(.upsampleFn, "nearest")
    }

    func validate() throws {
        try require(outChannels == 3, "out_channels", outChannels, "3")
        try require(latentChannels, in: NumberBounds.width, "latent_channels")
        let levels = decoderBlockOutChannels.count
        try require(
            (1...8).contains(levels), "decoder_block_out_channels", decoderBlockOutChannels, "one to eight entries")
        try require(
            Set(decoderBlockOutChannels).count == 1 && NumberBounds.width.contains(decoderBlockOutChannels[0]),
            "decoder_block_out_channels", decoderBlockOutChannels,
            "one number everywhere, up to \(NumberBounds.width.upperBound)")
        try require(
            numDecoderBlocks.count == levels && numDecoderBlocks.allSatisfy((0...100).contains), "num_decoder_blocks",
            numDecoderBlocks, "\(levels) numbers up to 100")
        try require((1e-6...1e6).contains(scalingFactor), "scaling_factor", scalingFactor, "a number from 1e-6 to 1e6")
        try require((-1e6...1e6).contains(shiftFactor), "shift_factor", shiftFactor, "a number from -1e6 to 1e6")
        try require(upsamplingScalingFactor == 2, "upsampling_scaling_factor", upsamplingScalingFactor, "2")
        try require(actFn == "relu", "act_fn", actFn, "relu")
        try require(upsampleFn == "nearest", "upsample_fn", upsampleFn, "nearest")
    }
}
