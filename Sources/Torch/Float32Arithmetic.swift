import CTorch

/// What products and convolutions of float32 are computed in on a CUDA device; the CPU's are always IEEE's.
package enum Float32Arithmetic: Sendable {
    /// As torch does by itself: products in float32, convolutions in TF32.
    case torchDefault
    /// In float32.
    case ieee
    /// In TF32, with ten bits of mantissa: relative errors of about 1e-3 and several times as quick.
    case tf32

    fileprivate var raw: ct_float32_arithmetic {
        switch self {
        case .torchDefault: CT_TORCH_DEFAULT
        case .ieee: CT_IEEE
        case .tf32: CT_TF32
        }
    }

    /// What holds now.
    package static var current: Float32Arithmetic {
        switch ct_current_float32_arithmetic() {
        case CT_IEEE: .ieee
        case CT_TF32: .tf32
        default: .torchDefault
        }
    }
}

/// Runs `body` with that arithmetic. libtorch keeps one for the whole process, so only the thread that computes calls this.
@ComputeActor
package func withFloat32<R>(_ arithmetic: Float32Arithmetic, _ body: () throws -> R) rethrows -> R {
    let previous = Float32Arithmetic.current
    ct_set_float32_arithmetic(arithmetic.raw)
    defer { ct_set_float32_arithmetic(previous.raw) }
    return try body()
}
