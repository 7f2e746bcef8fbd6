package import Torch
package import TorchNN

extension AutoencoderKL {
    /// Latents to pictures (diffusers 0.35.2 `Decoder`).
    package struct Decoder {
        package let convIn: Conv2d
        package let midBlock: MidBlock2D
        package let upBlocks: [UpDecoderBlock2D]
        package let convNormOut: GroupNorm
        package let convOut: Conv2d

        init(_ weights: Weights, _ configuration: AutoencoderKLConfiguration) throws {
            let channels = Array(configuration.blockOutChannels.reversed())
            let groups = configuration.normNumGroups
            convIn = try Conv2d(
                weights["conv_in"], configuration.latentChannels, channels[0], kernelSize: 3, padding: 1)
            midBlock = try MidBlock2D(weights["mid_block"], channels[0], groupCount: groups)
            upBlocks = try channels.indices.map {
                try UpDecoderBlock2D(
                    weights["up_blocks"][$0], channels[max($0 - 1, 0)], channels[$0],
                    layerCount: configuration.layersPerBlock + 1, groupCount: groups, upsamples: $0 < channels.count - 1
                )
            }
            let last = channels[channels.count - 1]
            convNormOut = try GroupNorm(weights["conv_norm_out"], groupCount: groups, last, eps: 1e-6)
            convOut = try Conv2d(weights["conv_out"], last, configuration.outChannels, kernelSize: 3, padding: 1)
        }

        /// `[N, C, h, w]` to `[N, 3, H, W]`.
        package func callAsFunction(_ latents: Tensor) throws -> Tensor {
            var x = try midBlock(convIn(latents))
            for block in upBlocks { x = try block(consume x) }
            return try convOut(convNormOut.thenSilu(x, consumed: true))
        }
    }
}

/// Residual blocks, then twice the resolution (diffusers 0.35.2 `UpDecoderBlock2D`).
package struct UpDecoderBlock2D {
    package let resnets: [ResnetBlock2D]
    /// The convolution after each pixel became four; none in the last block.
    package let upsampler: Conv2d?

    init(
        _ weights: Weights, _ inChannels: Int, _ outChannels: Int, layerCount: Int, groupCount: Int, upsamples: Bool
    ) throws {
        resnets = try (0..<layerCount).map {
            try ResnetBlock2D(
                weights["resnets"][$0], $0 == 0 ? inChannels : outChannels, outChannels, groupCount: groupCount)
        }
        upsampler =
            upsamples
            ? try Conv2d(weights["upsamplers.0.conv"], outChannels, outChannels, kernelSize: 3, padding: 1) : nil
    }

    func callAsFunction(_ x: consuming Tensor) throws -> Tensor {
        for resnet in resnets { x = try resnet(consume x) }
        guard let upsampler else { return x }
        return try upsampler(x.upsampleNearest(height: 2 * x.size(2), width: 2 * x.size(3)))
    }
}
