import Torch

/// The true masks of a batch, and losses of logits against them. Each is a mean over pictures, so that it does not matter how pictures are put into
/// batches.
struct PixelLosses {
    /// Of each pixel 0 background, 1 things, 2 stuff: `[N, H, W]`, int64.
    private let classes: Tensor
    /// Of each class that is transparent, where it is: `[N, K, H, W]` of 0 and 1, float32; one of both where they are not told apart.
    private let masks: Tensor
    private let hasClasses: Bool

    /// - Parameters:
    ///   - classes: `[N, 1, H, W]` of 0, 1 and 2, float32, on the device.
    ///   - tellsApart: Whether things and stuff are classes of their own.
    init(_ classes: Tensor, tellsApart: Bool) throws {
        let transparent = try classes.greater(than: 0.5).to(.float32)
        let stuff = try classes.greater(than: 1.5).to(.float32)
        self.classes = try classes.to(.int64).reshape([classes.size(0), classes.size(2), classes.size(3)])
        masks = try tellsApart ? cat([transparent - stuff, stuff], axis: 1) : transparent
        hasClasses = tellsApart
    }

    /// A term of the loss, a scalar.
    ///
    /// - Parameter logits: `[N, 1, H, W]`, or `[N, 3, H, W]` of background, things and stuff; float32.
    func value(of term: LossTerm, _ logits: Tensor) throws -> Tensor {
        switch term {
        case .latentMSE: preconditionFailure("a latent has no pixels")
        case .crossEntropy:
            try hasClasses ? logits.crossEntropy(classes) : logits.binaryCrossEntropyWithLogits(masks)
        case .dice: try dice(probabilities(logits))
        case .boundary: try boundary(probabilities(logits))
        }
    }

    /// Of what is transparent: `[N, K, H, W]`.
    private func probabilities(_ logits: Tensor) throws -> Tensor {
        try hasClasses ? logits.softmax(1).narrow(1, start: 1, length: 2) : logits.sigmoid()
    }

    /// 1 − (2 Σ p t + 1) / (Σ p + Σ t + 1) of each picture and class (Milletari et al., V-Net, arXiv 1606.04797; the ones, as in nnU-Net, are for
    /// pictures with nothing transparent).
    private func dice(_ p: Tensor) throws -> Tensor {
        let one = 1 / Double(p.size(2) * p.size(3))
        let (common, both) = (try (p * masks).mean([2, 3]), try (p + masks).mean([2, 3]))
        return try ((common * 2 + one) / (both + one)).mean() * -1 + 1
    }

    /// 1 − 2 P R / (P + R) of soft boundaries, where P is the share of the predicted boundary that is near the true one, R that of the true one
    /// near the predicted (Bokhovkin and Burnaev, arXiv 1905.07852). A boundary is where a 3 × 3 maximum of the outside reaches in; near is within 5 × 5.
    /// 0 of pictures without a true boundary.
    private func boundary(_ p: Tensor) throws -> Tensor {
        let (found, truth) = (try edges(p), try edges(masks))
        let tiny = 1e-7
        let precision = try (found * truth.maxPooled(side: 5)).mean([2, 3]) / (found.mean([2, 3]) + tiny)
        let recall = try (truth * found.maxPooled(side: 5)).mean([2, 3]) / (truth.mean([2, 3]) + tiny)
        let f = try precision * recall * 2 / (precision + recall + tiny)
        let isThere = try truth.mean([2, 3]).greater(than: 0).to(.float32)
        return try ((f * -1 + 1) * isThere).mean()
    }

    private func edges(_ p: Tensor) throws -> Tensor {
        let outside = try p * -1 + 1
        return try outside.maxPooled(side: 3) - outside
    }
}

extension Tensor {
    /// The logits that a decoded picture stands for, so that losses of pixels are the same for both heads: white is a logit of 4; of colors a
    /// class's logit is 2/3 of the scalar product with its color, which is greatest for the nearest of black, red and white.
    ///
    /// - Parameter tellsApart: Whether the picture is in Trans10K's colors.
    func logitsOfDecoded(tellsApart: Bool) throws -> Tensor {
        guard tellsApart else { return try mean([1], keepingAxes: true) * 4 }
        let (red, other) = (
            try narrow(1, start: 0, length: 1), try narrow(1, start: 1, length: 2).mean([1], keepingAxes: true) * 2
        )
        return try cat([(red + other) * -1, red - other, red + other], axis: 1) * (2.0 / 3)
    }
}
