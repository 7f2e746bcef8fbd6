import CTorch

extension Tensor {
    /// Each row of `[M, K]`, float32 on the CPU, as whole numbers from −127 to 127 (int8, `[M, K]`) times a scale (float32, `[M]`): the row's
    /// greatest absolute value becomes 127.
    package func quantizeRows() throws -> (values: Tensor, scales: Tensor) {
        var scales = ct_tensor()
        let values = try makeTensor("quantize_rows", [self]) { ct_quantize_rows(raw, $0, &scales) }
        return (values, Tensor(owning: scales))
    }
}

/// `input · weightᵀ + bias` with eight-bit numbers: each row of the input `[..., in]` is quantized as by ``Tensor/quantizeRows()`` on the way.
///
/// Sums are exact, so that the rounding of inputs and weights is the whole error. Float32 on the CPU; records no gradients.
///
/// - Parameters:
///   - weight: `[out, in]`, int8, with `scales` `[out]`.
///   - bias: `[out]`, float32.
package func linearInt8(_ input: Tensor, weight: Tensor, scales: Tensor, bias: Tensor? = nil) throws -> Tensor {
    try makeTensor("linear_int8", [input, weight]) {
        ct_linear_int8(input.raw, weight.raw, scales.raw, bias.raw, $0)
    }
}

/// Whether ``linearInt8(_:weight:scales:bias:)`` is exact on this processor.
///
/// Where VNNI instructions are missing, or kept from oneDNN by `ONEDNN_MAX_CPU_ISA`, its kernels add the products of two pairs in sixteen bits,
/// which overflow, and say nothing.
package let int8SumsAreExact: Bool = {
    // The largest products that there are, in a matrix that is large enough for the kernels of the instruction set.
    guard let input = try? Tensor([Float](repeating: 127, count: 64 * 96), shape: [64, 96]),
        let (weight, scales) = try? input.quantizeRows(),
        let sums = try? linearInt8(input, weight: weight, scales: scales).array(of: Float.self)
    else { return false }
    return sums.allSatisfy { $0 == 127 * 127 * 96 }
}()
