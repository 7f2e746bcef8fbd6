import CTorch

/// Elementwise arithmetic with torch's broadcasting and promotion of dtypes. Each throws when shapes do not fit.
extension Tensor {
    package static func + (a: Tensor, b: Tensor) throws -> Tensor {
        try makeTensor("add", [a, b]) { ct_add(a.raw, b.raw, $0) }
    }

    package static func - (a: Tensor, b: Tensor) throws -> Tensor {
        try makeTensor("sub", [a, b]) { ct_sub(a.raw, b.raw, $0) }
    }

    package static func * (a: Tensor, b: Tensor) throws -> Tensor {
        try makeTensor("mul", [a, b]) { ct_mul(a.raw, b.raw, $0) }
    }

    package static func / (a: Tensor, b: Tensor) throws -> Tensor {
        try makeTensor("div", [a, b]) { ct_div(a.raw, b.raw, $0) }
    }

    package static func + (a: Tensor, b: Double) throws -> Tensor {
        try makeTensor("add", [a]) { ct_add_scalar(a.raw, b, $0) }
    }

    package static func - (a: Tensor, b: Double) throws -> Tensor { try a + -b }

    package static func * (a: Tensor, b: Double) throws -> Tensor {
        try makeTensor("mul", [a]) { ct_mul_scalar(a.raw, b, $0) }
    }

    package static func / (a: Tensor, b: Double) throws -> Tensor {
        try makeTensor("div", [a]) { ct_div_scalar(a.raw, b, $0) }
    }

    /// Adds `other` to this tensor's own memory.
    package func addInPlace(_ other: Tensor) throws {
        try check(ct_add_in_place(raw, other.raw), "add_", [self, other])
    }

    /// Multiplies this tensor's own memory by `other`.
    package func multiplyInPlace(_ other: Tensor) throws {
        try check(ct_mul_in_place(raw, other.raw), "mul_", [self, other])
    }

    /// Replaces every element x by `x * scale + shift`.
    package func affineInPlace(scale: Double, shift: Double) throws {
        try check(ct_affine_in_place(raw, scale, shift), "mul_ and add_", [self])
    }

    /// Replaces the elements by those of `source`, converted and broadcast.
    package func copyInPlace(_ source: Tensor) throws {
        try check(ct_copy_in_place(raw, source.raw), "copy_", [self, source])
    }

    package func exp() throws -> Tensor { try makeTensor("exp", [self]) { ct_exp(raw, $0) } }

    package func sin() throws -> Tensor { try makeTensor("sin", [self]) { ct_sin(raw, $0) } }

    package func cos() throws -> Tensor { try makeTensor("cos", [self]) { ct_cos(raw, $0) } }

    package func abs() throws -> Tensor { try makeTensor("abs", [self]) { ct_abs(raw, $0) } }

    /// Elements below the range become its lower bound, those above it its upper bound.
    package func clamp(_ range: ClosedRange<Double>) throws -> Tensor {
        try makeTensor("clamp", [self]) { ct_clamp(raw, range.lowerBound, range.upperBound, $0) }
    }

    /// A bool tensor: which elements are greater than `value`.
    package func greater(than value: Double) throws -> Tensor {
        try makeTensor("gt", [self]) { ct_greater_scalar(raw, value, $0) }
    }
}

/// The matrix product over the last two axes, broadcast over the others.
package func matmul(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try makeTensor("matmul", [a, b]) { ct_matmul(a.raw, b.raw, $0) }
}
