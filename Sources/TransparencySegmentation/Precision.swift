import TorchNN

/// What the products of the transformer's blocks are computed in, where most of its time goes. For float32 on the CPU.
public enum Precision: String, Sendable, CaseIterable {
    /// In float32, equal to the reference up to rounding.
    case exact
    /// In bfloat16 with float32 between them.
    case fast
    /// In eight-bit whole numbers with float32 between them: one scale for each output of a weight and for each token.
    case int8

    var linearPrecision: LinearPrecision {
        switch self {
        case .exact: .exact
        case .fast: .bfloat16
        case .int8: .int8
        }
    }
}
