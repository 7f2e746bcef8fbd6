package import Torch
package import TorchNN

extension AutoencoderKL {
    /// Pictures to the parameters of their latents' distribution (diffusers 0.35.2 `Encoder`).
    package struct Encoder {
        package let convIn: Conv2d
        package let downBlocks: [DownEncoderBlock2D]
        package let midBlock: MidBlock2D
        package let convNormOut: GroupNorm
        package let convOut: Conv2d

        init(_ weights: Weights, _ configuration: AutoencoderKLConfiguration) throws {
            let channels = configuration.blockOutChannels
            let groups = configuration.normNumGroups
            convIn = try Conv2d(weights["conv_in"], configuration.inChannels, channels[0], kernelSize: 3, padding: 1)
            downBlocks = try channels.indices.map {
                try DownEncoderBlock2D(
                    weights["down_blocks"][$0], channels[max($0 - 1, 0)], channels[$0],
                    layerCount: configuration.layersPerBlock, groupCount: groups, downsamples: $0 < channels.count - 1)
            }
            let last = channels[channels.count - 1]
            midBlock = try MidBlock2D(weights["mid_block"], last, groupCount: groups)
            convNormOut = try GroupNorm(weights["conv_norm_out"], groupCount: groups, last, eps: 1e-6)
            convOut = try Conv2d(weights["conv_out"], last, 2 * configuration.latentChannels, kernelSize: 3, padding: 1)
        }

        /// `[N, 3, H, W]` to mean and log variance together, `[N, 2C, h, w]`.
        package func callAsFunction(_ images: Tensor) throws -> Tensor {
            var x = try convIn(images)
            for block in downBlocks { x = try block(consume x) }
            return try convOut(convNormOut.thenSilu(midBlock(x), consumed: true))
        }
    }
}

/// Residual blocks, then half the resolution (diffusers 0.35.2 `DownEncoderBlock2D`).
package struct DownEncoderBlock2D {
    package let resnets: [ResnetBlock2D]
    /// A 3 × 3 convolution of stride 2; none in the last block.
    package let downsampler: Conv2d?

    init(
        _ weights: Weights, _ inChannels: Int, _ outChannels: Int, layerCount: Int, groupCount: Int,
        downsamples: Bool
    ) throws {
        resnets = try (0..<layerCount).map {
            try ResnetBlock2D(
                weights["resnets"][$0], $0 == 0 ? inChannels : outChannels, outChannels, groupCount: groupCount)
        }
        downsampler =
            downsamples
            ? try Conv2d(weights["downsamplers.0.conv"], outChannels, outChannels, kernelSize: 3, stride: 2) : nil
    }

    func callAsFunction(_ x: consuming Tensor) throws -> Tensor {
        for resnet in resnets { x = try resnet(consume x) }
        guard let downsampler else { return x }
        // The model was trained with a row and a column of zeros below and to the right only.
        return try downsampler(x.pad(left: 0, right: 1, top: 0, bottom: 1))
    }
}
