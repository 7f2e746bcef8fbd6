/// What the product of a ``Linear`` is computed in. Inputs and results keep their dtype.
package enum LinearPrecision: String, Sendable, CaseIterable {
    /// In the weights' own dtype.
    case exact
    /// Weights and inputs rounded to bfloat16's eight bits, sums in float32: a relative error of about 3e-3 a layer. For float32 on the CPU.
    case bfloat16
    /// Weights (one scale for each output) and inputs (one scale for each token, found on the way) rounded to whole numbers from −127 to 127,
    /// exact sums: a relative error of about 1e-2 a layer. For float32 on the CPU.
    case int8
}
