import Limits

/// The `config.json` of ``AutoencoderKL`` (diffusers 0.35.2, `autoencoders/autoencoder_kl.py`), with diffusers' defaults
/// where a key is missing.
package struct AutoencoderKLConfiguration: Decodable, Sendable, Equatable, ModelConfiguration {
    static let className = "AutoencoderKL"

    package let inChannels: Int
    package let outChannels: Int
    package let latentChannels: Int
    /// Channels of each resolution, from the picture's down to the latent's.
    package let blockOutChannels: [Int]
    package let layersPerBlock: Int
    package let normNumGroups: Int
    /// Side of the picture that the model was made for.
    package let sampleSize: Int
    /// What a latent is multiplied by, after the shift, to have the transformer's range.
    package let scalingFactor: Double
    package let shiftFactor: Double
    let downBlockTypes: [String]
    let upBlockTypes: [String]
    let actFn: String
    let useQuantConv: Bool
    let usePostQuantConv: Bool
    let midBlockAddAttention: Bool
    /// Whether float16 has too small a range for it.
    let forceUpcast: Bool
    let latentsMean: [Double]?
    let latentsStd: [Double]?

    /// How many pixels one latent position stands for, along each axis.
    package var downsampling: Int { 1 << (blockOutChannels.count - 1) }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case latentChannels = "latent_channels"
        case blockOutChannels = "block_out_channels"
        case layersPerBlock = "layers_per_block"
        case normNumGroups = "norm_num_groups"
        case sampleSize = "sample_size"
        case scalingFactor = "scaling_factor"
        case shiftFactor = "shift_factor"
        case downBlockTypes = "down_block_types"
        case upBlockTypes = "up_block_types"
        case actFn = "act_fn"
        case useQuantConv = "use_quant_conv"
        case usePostQuantConv = "use_post_quant_conv"
        case midBlockAddAttention = "mid_block_add_attention"
        case forceUpcast = "force_upcast"
        case latentsMean = "latents_mean"
        case latentsStd = "latents_std"
    }
    typealias Keys = CodingKeys

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        // diffusers takes a null that is there for no value, not for the default.
        func value<T: Decodable>(_ key: CodingKeys, _ fallback: T) throws -> T {
            values.contains(key) ? try values.decode(T.self, forKey: key) : fallback
        }
        inChannels = try value(.inChannels, 3)
        outChannels = try value(.outChannels, 3)
        latentChannels = try value(.latentChannels, 4)
        blockOutChannels = try value(.blockOutChannels, [64])
        layersPerBlock = try value(.layersPerBlock, 1)
        normNumGroups = try value(.normNumGroups, 32)
        sampleSize = try value(.sampleSize, 32)
        scalingFactor = try value(.scalingFactor, 0.18215)
        shiftFactor = try values.decodeIfPresent(Double.self, forKey: .shiftFactor) ?? 0
        downBlockTypes = try value(.downBlockTypes, ["DownEncoderBlock2D"])
        upBlockTypes = try value(.upBlockTypes, ["UpDecoderBlock2D"])
        actFn = try value(.actFn, "silu")
        useQuantConv = try value(.useQuantConv, true)
        usePostQuantConv = try value(.usePostQuantConv, true)
        midBlockAddAttention = try value(.midBlockAddAttention, true)
        forceUpcast = try value(.forceUpcast, true)
        latentsMean = try values.decodeIfPresent([Double].self, forKey: .latentsMean)
        latentsStd = try values.decodeIfPresent([Double].self, forKey: .latentsStd)
    }

    func validate() throws {
        for (key, value, range) in [
            (.latentChannels, latentChannels, NumberBounds.width),
            (.layersPerBlock, layersPerBlock, NumberBounds.layers),
            (.normNumGroups, normNumGroups, NumberBounds.width), (.sampleSize, sampleSize, NumberBounds.side),
        ] as [(CodingKeys, Int, ClosedRange<Int>)] {
            try require(value, in: range, key.rawValue)
        }
        try require(inChannels == 3, "in_channels", inChannels, "3")
        try require(outChannels == 3, "out_channels", outChannels, "3")
        let levels = blockOutChannels.count
        try require((1...8).contains(levels), "block_out_channels", blockOutChannels, "one to eight entries")
        try require(
            blockOutChannels.allSatisfy { NumberBounds.width.contains($0) && $0 % normNumGroups == 0 },
            "block_out_channels", blockOutChannels,
            "multiples of norm_num_groups (\(normNumGroups)) up to \(NumberBounds.width.upperBound)")
        try require(
            downBlockTypes == Array(repeating: "DownEncoderBlock2D", count: levels), "down_block_types",
            downBlockTypes, "\(levels) × DownEncoderBlock2D")
        try require(
            upBlockTypes == Array(repeating: "UpDecoderBlock2D", count: levels), "up_block_types", upBlockTypes,
            "\(levels) × UpDecoderBlock2D")
        try require(actFn == "silu", "act_fn", actFn, "silu")
        try require(!useQuantConv, "use_quant_conv", useQuantConv, "false, as in Stable Diffusion 3")
        try require(!usePostQuantConv, "use_post_quant_conv", usePostQuantConv, "false, as in Stable Diffusion 3")
        try require(midBlockAddAttention, "mid_block_add_attention", midBlockAddAttention, "true")
        try require((1e-6...1e6).contains(scalingFactor), "scaling_factor", scalingFactor, "a number from 1e-6 to 1e6")
        try require((-1e6...1e6).contains(shiftFactor), "shift_factor", shiftFactor, "a number from -1e6 to 1e6")
        try require(latentsMean == nil, "latents_mean", "set", "null, as in Stable Diffusion 3")
        try require(latentsStd == nil, "latents_std", "set", "null, as in Stable Diffusion 3")
    }
}
