package import Torch
package import TorchNN

/// The variational autoencoder of Stable Diffusion 3 (diffusers 0.35.2 `AutoencoderKL`).
package struct AutoencoderKL {
    package let configuration: AutoencoderKLConfiguration
    package let encoder: Encoder
    /// nil where nothing is to be decoded.
    package let decoder: Decoder?

    /// What it computes in.
    package var dtype: DType { encoder.convIn.weight.dtype }

    /// Takes every weight of a state dict under diffusers' names. Throws ``WeightsError`` when one is missing, has
    /// another shape, or is left over.
    ///
    /// - Parameter decodes: Whether the decoder is made too; without it ``decode(_:)`` must not be called.
    package init(_ configuration: AutoencoderKLConfiguration, _ weights: Weights, decodes: Bool = true) throws {
        self.configuration = configuration
        encoder = try Encoder(weights["encoder"], configuration)
        decoder = decodes ? try Decoder(weights["decoder"], configuration) : nil
        if !decodes { weights["decoder"].ignoreAll() }
        try weights.finish()
    }

    /// Pictures `[N, 3, H, W]` in −1…1 to the distribution of their latents `[N, C, h, w]`, which are as the VAE
    /// has them: ``scaled(_:)`` turns them into what the transformer takes.
    ///
    /// One latent position stands for ``AutoencoderKLConfiguration/downsampling`` pixels along each axis.
    package func encode(_ images: Tensor) throws -> DiagonalGaussianDistribution {
        try DiagonalGaussianDistribution(distributionParameters(images))
    }

    /// Pictures `[N, 3, H, W]` in −1…1 to what ``DiagonalGaussianDistribution`` is made of, `[N, 2C, h, w]`: the one way into the encoder.
    ///
    /// - Parameter inPlanes: Whether convolutions round as they do with channels first, whatever is quicker.
    package func distributionParameters(_ images: Tensor, inPlanes: Bool = false) throws -> Tensor {
        try encoder(inPlanes ? images.contiguous() : laidOut(images)).contiguous()
    }

    /// Latents `[N, C, h, w]` as the VAE has them to pictures `[N, 3, H, W]`, about −1…1 and not clamped.
    package func decode(_ latents: Tensor) throws -> Tensor {
        guard let decoder else { preconditionFailure("the VAE was loaded without its decoder") }
        return try decoder(laidOut(latents)).contiguous()
    }

    /// With channels last where that makes convolutions quicker, which round a little otherwise then: in half precision,
    /// and on the CPU where channels are too few for Winograd's algorithm to win (`Docs/performance.md`). Otherwise in planes, which
    /// that algorithm wants, however the tensor lies that was given: the order of the first one stays through all layers.
    func laidOut(_ x: Tensor) throws -> Tensor {
        let isSmall = x.device.kind == .cpu && configuration.blockOutChannels.allSatisfy { $0 <= 64 }
        return try fastKernelsAreAllowed && (x.dtype != .float32 || isSmall) ? x.channelsLast() : x.contiguous()
    }

    /// `(latents − shift) · scale`: from the VAE's range to the transformer's.
    package func scaled(_ latents: Tensor) throws -> Tensor {
        try (latents - configuration.shiftFactor) * configuration.scalingFactor
    }

    /// `latents / scale + shift`: from the transformer's range to the VAE's.
    package func unscaled(_ latents: Tensor) throws -> Tensor {
        try latents / configuration.scalingFactor + configuration.shiftFactor
    }
}

/// A normal distribution with its own mean and variance at every position (diffusers 0.35.2, class of the same name).
package struct DiagonalGaussianDistribution {
    /// `[N, C, h, w]`
    package let mean: Tensor
    /// `[N, C, h, w]`, kept within −30…20.
    package let logVariance: Tensor

    /// `parameters` `[N, 2C, h, w]`: means, then logarithms of variances.
    package init(_ parameters: Tensor) throws {
        let parts = try parameters.chunk(2, axis: 1)
        mean = parts[0]
        logVariance = try parts[1].clamp(-30...20)
    }

    /// The distributions of means and logarithms of variances that are known.
    private init(mean: Tensor, logVariance: Tensor) { (self.mean, self.logVariance) = (mean, logVariance) }

    /// Those of the first pictures of a batch.
    func first(_ count: Int) throws -> DiagonalGaussianDistribution {
        DiagonalGaussianDistribution(
            mean: try mean.narrow(0, start: 0, length: count),
            logVariance: try logVariance.narrow(0, start: 0, length: count))
    }

    /// Those of two batches together.
    func joined(_ other: DiagonalGaussianDistribution) throws -> DiagonalGaussianDistribution {
        DiagonalGaussianDistribution(
            mean: try cat([mean, other.mean], axis: 0), logVariance: try cat([logVariance, other.logVariance], axis: 0))
    }

    /// The most probable value: the mean.
    package func mode() -> Tensor { mean }

    /// A draw: `mean + exp(½ log variance) · noise` with the noise of ``Tensor/randn(_:seed:dtype:device:)``.
    package func sample(seed: UInt32? = nil) throws -> Tensor {
        try sample(noise: Tensor.randn(mean.shape, seed: seed, dtype: mean.dtype, device: mean.device))
    }

    /// A draw for each picture from a seed of its own, whatever other pictures are in the batch.
    package func sample(seeds: [UInt32]) throws -> Tensor {
        let shape = [1] + mean.shape.dropFirst()
        return try sample(
            noise: cat(
                seeds.map { try Tensor.randn(shape, seed: $0, dtype: mean.dtype, device: mean.device) }, axis: 0))
    }

    private func sample(noise: Tensor) throws -> Tensor { try mean + (logVariance * 0.5).exp() * noise }
}
