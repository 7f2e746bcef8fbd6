package import Torch
package import TorchNN

/// A small decoder that was distilled from a VAE's, such as `madebyollin/taesd3` (diffusers 0.35.2 `AutoencoderTiny`, class `DecoderTiny`).
package struct AutoencoderTiny {
    package let configuration: AutoencoderTinyConfiguration
    let convIn: Conv2d
    let levels: [Level]

    /// One resolution: residual blocks, and a convolution, before which all but the last double the resolution.
    struct Level {
        let blocks: [AutoencoderTinyBlock]
        let upsamples: Bool
        let conv: Conv2d
    }

    /// Takes `decoder.layers`, whose numbers count activations and upsamplers too.
    package init(_ configuration: AutoencoderTinyConfiguration, _ weights: Weights) throws {
        self.configuration = configuration
        let layers = weights["decoder"]["layers"]
        let channels = configuration.decoderBlockOutChannels
        convIn = try Conv2d(layers[0], configuration.latentChannels, channels[0], kernelSize: 3, padding: 1)
        var position = 2
        levels = try channels.indices.map { level in
            let isLast = level == channels.count - 1
            let blocks = try (0..<configuration.numDecoderBlocks[level]).map {
                try AutoencoderTinyBlock(layers[position + $0], channels[level])
            }
            position += blocks.count + (isLast ? 0 : 1)
            let conv = try Conv2d(
                layers[position], channels[level], isLast ? configuration.outChannels : channels[level], kernelSize: 3,
                padding: 1, hasBias: isLast)
            position += 1
            return Level(blocks: blocks, upsamples: !isLast, conv: conv)
        }
    }

    /// Latents `[N, C, h, w]` in the transformer's range to pictures `[N, 3, H, W]`, about −1…1 and not clamped.
    package func decode(_ latents: Tensor) throws -> Tensor {
        let latents = try latents / configuration.scalingFactor + configuration.shiftFactor
        // 3 · tanh(x / 3), by the logistic function.
        var x = try (latents * (2.0 / 3)).sigmoid() * 6 - 3
        x = try convIn(fastKernelsAreAllowed ? x.channelsLast() : x.contiguous()).relu()
        for level in levels {
            for block in level.blocks { x = try block(x) }
            if level.upsamples { x = try x.upsampleNearest(height: 2 * x.size(2), width: 2 * x.size(3)) }
            x = try level.conv(x)
        }
        return try (x * 2 - 1).contiguous()
    }
}

/// Three convolutions beside a shortcut (diffusers 0.35.2 `AutoencoderTinyBlock`).
struct AutoencoderTinyBlock {
    let convs: [Conv2d]

    init(_ weights: Weights, _ channels: Int) throws {
        convs = try [0, 2, 4].map { try Conv2d(weights["conv"][$0], channels, channels, kernelSize: 3, padding: 1) }
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try (convs[2](convs[1](convs[0](x).relu()).relu()) + x).relu()
    }
}

extension Tensor {
    fileprivate func relu() throws -> Tensor { try clamp(0...Double.infinity) }
}
