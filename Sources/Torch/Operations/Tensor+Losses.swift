import CTorch

extension Tensor {
    /// The mean of the binary cross-entropies of these logits and targets in 0…1, a scalar.
    package func binaryCrossEntropyWithLogits(_ target: Tensor) throws -> Tensor {
        try makeTensor("binary_cross_entropy_with_logits", [self, target]) {
            ct_binary_cross_entropy_with_logits(raw, target.raw, $0)
        }
    }

    /// The mean of the cross-entropies of these logits `[N, C, …]` and classes `[N, …]`, int64; a scalar.
    package func crossEntropy(_ classes: Tensor) throws -> Tensor {
        try makeTensor("cross_entropy", [self, classes]) { ct_cross_entropy(raw, classes.raw, $0) }
    }

    /// Shares along an axis that add up to 1.
    package func softmax(_ axis: Int) throws -> Tensor {
        try makeTensor("softmax", [self]) { ct_softmax(raw, Int64(axis), $0) }
    }

    /// Of `[N, C, H, W]` at each pixel the greatest value of the square around it whose side is `side`, an odd number.
    package func maxPooled(side: Int) throws -> Tensor {
        try makeTensor("max_pool2d", [self]) { ct_max_pool2d(raw, Int64(side), Int64(side / 2), $0) }
    }
}
