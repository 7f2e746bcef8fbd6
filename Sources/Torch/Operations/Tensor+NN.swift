import CTorch

extension Optional where Wrapped == Tensor {
    /// The handle as the shim takes an optional tensor.
    var raw: ct_tensor { self?.raw ?? ct_tensor(impl: nil) }
}

/// `input · weightᵀ + bias`: input `[..., in]`, weight `[out, in]`, bias `[out]`.
package func linear(_ input: Tensor, weight: Tensor, bias: Tensor? = nil) throws -> Tensor {
    try makeTensor("linear", [input, weight]) { ct_linear(input.raw, weight.raw, bias.raw, $0) }
}

/// Convolution of `[N, in, H, W]` with `[out, in, kH, kW]`; zero padding on all four sides.
package func conv2d(
    _ input: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0
) throws -> Tensor {
    try makeTensor("conv2d", [input, weight]) {
        ct_conv2d(input.raw, weight.raw, bias.raw, Int64(stride), Int64(padding), $0)
    }
}

/// Normalizes the last axis to mean 0 and variance 1; weight and bias `[C]`.
package func layerNorm(_ input: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double) throws -> Tensor {
    try makeTensor("layer_norm", [input]) { ct_layer_norm(input.raw, weight.raw, bias.raw, eps, $0) }
}

/// Divides the last axis by its root mean square; weight `[C]`.
package func rmsNorm(_ input: Tensor, weight: Tensor? = nil, eps: Double) throws -> Tensor {
    try makeTensor("rms_norm", [input]) { ct_rms_norm(input.raw, weight.raw, eps, $0) }
}

/// Normalizes each of `groupCount` groups of channels of `[N, C, …]`; weight and bias `[C]`.
package func groupNorm(
    _ input: Tensor, groupCount: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double
) throws -> Tensor {
    try makeTensor("group_norm", [input]) {
        ct_group_norm(input.raw, Int64(groupCount), weight.raw, bias.raw, eps, $0)
    }
}

/// `softmax(query · keyᵀ / √d + bias) · value`: query `[N, heads, L, d]`, key and value `[N, heads, S, d]`, bias of a shape that
/// broadcasts to `[N, heads, L, S]`.
///
/// Views with other strides than row order are taken as they are. `causal` lets position i see positions 0…i only.
///
/// - Parameter inBFloat16: Whether factors of the two products may be rounded to bfloat16, with sums and softmax in float32: a relative
///   error of about 4e-3. Only within ``withFastKernels(_:)``, without gradients, on processors with instructions for it.
package func scaledDotProductAttention(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, bias: Tensor? = nil, causal: Bool = false, inBFloat16: Bool = false
) throws -> Tensor {
    try makeTensor("scaled_dot_product_attention", [query, key, value]) {
        ct_scaled_dot_product_attention(query.raw, key.raw, value.raw, bias.raw, causal, inBFloat16, $0)
    }
}

extension Tensor {
    /// `x · sigmoid(x)`.
    package func silu() throws -> Tensor { try makeTensor("silu", [self]) { ct_silu(raw, $0) } }

    /// `1 / (1 + exp(-x))`.
    package func sigmoid() throws -> Tensor { try makeTensor("sigmoid", [self]) { ct_sigmoid(raw, $0) } }

    /// The Gaussian error linear unit, exactly or by its tanh approximation.
    package func gelu(tanhApproximation: Bool = false) throws -> Tensor {
        try makeTensor("gelu", [self]) { ct_gelu(raw, tanhApproximation, $0) }
    }

    /// The tanh approximation of ``gelu(tanhApproximation:)`` into this tensor's own memory.
    package func geluTanhInPlace() throws { try check(ct_gelu_tanh_in_place(raw), "gelu_", [self]) }

    /// `[N, C, H, W]` to another height and width, each pixel that of the nearest source position.
    package func upsampleNearest(height: Int, width: Int) throws -> Tensor {
        try makeTensor("upsample_nearest2d", [self]) { ct_upsample_nearest(raw, Int64(height), Int64(width), $0) }
    }

    /// `[N, C, H, W]` to another height and width by bilinear interpolation with half-pixel centers.
    ///
    /// With `antialias` the kernel widens when the picture shrinks, so that every source pixel counts.
    package func upsampleBilinear(height: Int, width: Int, antialias: Bool = false) throws -> Tensor {
        try makeTensor("upsample_bilinear2d", [self]) {
            ct_upsample_bilinear(raw, Int64(height), Int64(width), antialias, $0)
        }
    }

    /// Adds rows and columns of zeros around the last two axes.
    package func pad(left: Int, right: Int, top: Int, bottom: Int) throws -> Tensor {
        try makeTensor("constant_pad_nd", [self]) {
            ct_pad(raw, Int64(left), Int64(right), Int64(top), Int64(bottom), $0)
        }
    }
}
