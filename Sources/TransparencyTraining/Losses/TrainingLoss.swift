import StableDiffusion3
import Torch
import TransparencySegmentation

/// The loss of one pass: its terms, those of pixels by a readout or through the VAE's frozen decoder.
struct TrainingLoss {
    let settings: TrainingSettings.Model
    let weights: LossWeights
    /// What terms of pixels are multiplied by now; 0 leaves them out.
    let pixelShare: Double
    /// With its decoder, where a latent has losses of pixels.
    let autoencoder: AutoencoderKL
    /// The picture's latent in the transformer's range, float32.
    let picture: Tensor
    /// The mask's; nil where no term asks for it.
    let maskLatent: Tensor?
    /// nil where no term asks for pixels.
    let pixels: PixelLosses?

    private var pixelTerms: [(term: LossTerm, weight: Double)] {
        pixelShare > 0 ? weights.terms.filter { $0.term.isOfPixels } : []
    }

    /// The loss of a prediction, a scalar with a graph; its gradient is that of the sum of all terms, while its number, where a decoder is
    /// gone through, is not. `note` is told each term's value, a scalar on the device, without its weight.
    func callAsFunction(_ prediction: Tensor, note: (LossTerm, Tensor) -> Void) throws -> Tensor {
        let output = try prediction.to(.float32)
        guard settings.head == .latent else { return try sum(output, note: note) }
        let latent = try settings.predictionType.mask(output: output, picture: picture)
        var total: Tensor?
        if let weight = weights.weights[.latentMSE], let maskLatent {
            let error = try latent.meanSquaredError(maskLatent)
            note(.latentMSE, try error.detached())
            // As it was before there were other terms, to the bit.
            total = weight == 1 ? error : try error * weight
        }
        if let total, pixelTerms.isEmpty { return total }
        let decoded = try autoencoder.decodedLoss(autoencoder.unscaled(latent.detached()).to(autoencoder.dtype)) {
            try sum($0.to(.float32).logitsOfDecoded(tellsApart: settings.target == .color), note: note)
        }
        // A product whose gradient is the decoder's.
        let gradient = try decoded.gradient.to(.float32) / autoencoder.configuration.scalingFactor
        let product = try (latent * gradient).sum()
        return try total.map { try $0 + product } ?? product
    }

    private func sum(_ logits: Tensor, note: (LossTerm, Tensor) -> Void) throws -> Tensor {
        guard let pixels else { preconditionFailure("terms of pixels need the true masks") }
        var total: Tensor?
        for (term, weight) in pixelTerms {
            let value = try pixels.value(of: term, logits)
            note(term, try value.detached())
            let weighted = try value * (weight * pixelShare)
            total = try total.map { try $0 + weighted } ?? weighted
        }
        guard let total else { preconditionFailure("a loss has terms") }
        return total
    }
}

extension TrainingSettings {
    /// What the terms are, where nothing was said those of the head.
    var lossWeights: LossWeights { training.losses ?? .standard(model.head) }

    /// Whether masks are needed as latents, and as pixels.
    var needsMaskLatents: Bool { model.head == .latent && lossWeights.weights[.latentMSE] != nil }
    var needsMaskPixels: Bool { lossWeights.terms.contains { $0.term.isOfPixels } }

    /// What terms of pixels are multiplied by. Through the decoder they come in during the second epoch, for a latent that is no mask's yet is
    /// decoded to nothing (Edit2Perceive's curriculum, CVPR 2026).
    func pixelShare(epoch: Double) -> Double { ramps ? min(1, max(0, epoch - 1)) : 1 }

    /// Whether terms of pixels wait for the second epoch.
    private var ramps: Bool { needsMaskLatents && needsMaskPixels }

    /// Why terms of pixels never come in; nil where they do.
    func lossWarning(pictureCount: Int) -> String? {
        let samples = training.totalSteps(pictureCount: pictureCount) * training.effectiveBatchSize
        guard ramps, samples <= pictureCount else { return nil }
        return "losses of pixels come in during the second epoch, and the run is over before it"
    }

    /// Whether the VAE's decoder is used.
    var usesDecoder: Bool { model.head == .latent }
}
