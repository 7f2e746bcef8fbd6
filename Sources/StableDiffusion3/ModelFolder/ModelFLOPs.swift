/// Floating-point operations of one picture's pass, a multiplication and an addition counted as two: those of matrix products, attention
/// and convolutions, which are nearly all.
package struct ModelFLOPs: Sendable, Equatable {
    package let encode: Double
    /// Of the form that is folded, which leaves out what follows from the prompt alone.
    package let transformer: Double
    package let decode: Double

    package var total: Double { encode + transformer + decode }

    /// - Parameters:
    ///   - height: The picture's, in pixels, a multiple of what the model takes.
    ///   - promptTokens: How many tokens the prompt has.
    package init(
        _ transformer: SD3TransformerConfiguration, _ autoencoder: AutoencoderKLConfiguration, height: Int, width: Int,
        promptTokens: Int
    ) {
        (encode, decode) = (
            Self.encoder(autoencoder, height, width), Self.decoder(autoencoder, height, width)
        )
        let unit = autoencoder.downsampling * transformer.patchSize
        self.transformer = Self.blocks(
            transformer, tokens: Double(height / unit * (width / unit)), promptTokens: Double(promptTokens))
    }

    private static func blocks(_ configuration: SD3TransformerConfiguration, tokens: Double, promptTokens: Double)
        -> Double
    {
        let width = Double(configuration.innerDim)
        let patch = Double(configuration.patchSize * configuration.patchSize)
        var sum = 2 * tokens * width * patch * Double(configuration.inChannels + configuration.outChannels)
        for index in 0..<configuration.numLayers {
            let contextPreOnly = index == configuration.numLayers - 1
            let all = tokens + promptTokens
            // Queries, keys, values and the output are four products, the feed-forward layer is eight.
            sum += 24 * tokens * width * width
            sum += contextPreOnly ? 4 * promptTokens * width * width : 24 * promptTokens * width * width
            sum += 4 * (contextPreOnly ? tokens : all) * all * width
            if configuration.dualAttentionLayers.contains(index) {
                sum += 8 * tokens * width * width + 4 * tokens * tokens * width
            }
        }
        return sum
    }

    private static func convolution(_ input: Int, _ output: Int, _ pixels: Double, side: Int = 3) -> Double {
        2 * Double(input * output * side * side) * pixels
    }

    private static func resnet(_ input: Int, _ output: Int, _ pixels: Double) -> Double {
        convolution(input, output, pixels) + convolution(output, output, pixels)
            + (input == output ? 0 : convolution(input, output, pixels, side: 1))
    }

    private static func middle(_ configuration: AutoencoderKLConfiguration, _ pixels: Double) -> Double {
        let channels = configuration.blockOutChannels[configuration.blockOutChannels.count - 1]
        let attention =
            configuration.midBlockAddAttention
            ? 8 * pixels * Double(channels * channels) + 4 * pixels * pixels * Double(channels) : 0
        return 2 * resnet(channels, channels, pixels) + attention
    }

    private static func encoder(_ configuration: AutoencoderKLConfiguration, _ height: Int, _ width: Int) -> Double {
        let channels = configuration.blockOutChannels
        var pixels = Double(height * width)
        var sum = convolution(configuration.inChannels, channels[0], pixels)
        for (index, output) in channels.enumerated() {
            sum += resnet(channels[max(0, index - 1)], output, pixels)
            sum += Double(configuration.layersPerBlock - 1) * resnet(output, output, pixels)
            guard index < channels.count - 1 else { continue }
            pixels /= 4
            sum += convolution(output, output, pixels)
        }
        return sum + middle(configuration, pixels)
            + convolution(channels[channels.count - 1], 2 * configuration.latentChannels, pixels)
    }

    private static func decoder(_ configuration: AutoencoderKLConfiguration, _ height: Int, _ width: Int) -> Double {
        let channels = Array(configuration.blockOutChannels.reversed())
        let reduction = Double(configuration.downsampling * configuration.downsampling)
        var pixels = Double(height * width) / reduction
        var sum = convolution(configuration.latentChannels, channels[0], pixels) + middle(configuration, pixels)
        for (index, output) in channels.enumerated() {
            sum += resnet(channels[max(0, index - 1)], output, pixels)
            sum += Double(configuration.layersPerBlock) * resnet(output, output, pixels)
            guard index < channels.count - 1 else { continue }
            pixels *= 4
            sum += convolution(output, output, pixels)
        }
        return sum + convolution(channels[channels.count - 1], 3, pixels)
    }
}
