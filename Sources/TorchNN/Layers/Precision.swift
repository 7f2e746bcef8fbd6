/// What the products of the transformer's blocks are computed in, where most of its time goes. Inputs and results keep their dtype.
///
/// On a CPU with instructions for bfloat16, ``fast`` and ``int8`` take it for the two products of attention too, the VAE's included; softmax
/// stays in float32. Elsewhere attention stays as it is in ``exact``.
public enum Precision: String, Sendable, CaseIterable {
    /// In the weights' own dtype: equal to the reference up to rounding.
    case exact
    /// Weights and inputs rounded to bfloat16's eight bits, sums in float32: a relative error of about 3e-3 a layer. For float32 on the CPU;
    /// on a CUDA device TF32, with ten bits, instead.
    case fast
    /// Weights (one scale for each output) and inputs (one scale for each token, found on the way) rounded to whole numbers from −127 to 127,
    /// exact sums: a relative error of about 1e-2 a layer. For float32 on the CPU.
    case int8
}
