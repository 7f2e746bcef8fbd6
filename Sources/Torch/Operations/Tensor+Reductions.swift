import CTorch

extension Tensor {
    /// The sum of all elements, a scalar.
    package func sum() throws -> Tensor { try makeTensor("sum", [self]) { ct_sum(raw, $0) } }

    /// The mean over `axes`; over all where none is given.
    package func mean(_ axes: [Int] = [], keepingAxes: Bool = false) throws -> Tensor {
        let all = axes.isEmpty ? Array(shape.indices) : axes
        return try makeTensor("mean", [self]) { out in
            withSizes(all) { ct_mean(raw, $0, $1, keepingAxes, out) }
        }
    }

    /// The largest element, a scalar.
    package func max() throws -> Tensor { try makeTensor("max", [self]) { ct_max(raw, $0) } }

    /// The position of the largest element along an axis, the first of equals; int64.
    package func argmax(_ axis: Int) throws -> Tensor {
        try makeTensor("argmax", [self]) { ct_argmax(raw, Int64(axis), $0) }
    }
}
