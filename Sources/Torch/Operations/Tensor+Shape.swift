import CTorch

/// Views share memory with the tensor that they are made of.
extension Tensor {
    /// The same elements in row order under another shape, of which one size may be -1. A view where that is possible.
    package func reshape(_ shape: [Int]) throws -> Tensor {
        try makeTensor("reshape to \(shape)", [self]) { out in withSizes(shape) { ct_reshape(raw, $0, $1, out) } }
    }

    /// A view with the axes in another order.
    package func permute(_ axes: [Int]) throws -> Tensor {
        try makeTensor("permute \(axes)", [self]) { out in withSizes(axes) { ct_permute(raw, $0, $1, out) } }
    }

    /// A view with two axes exchanged.
    package func transpose(_ axis0: Int, _ axis1: Int) throws -> Tensor {
        try makeTensor("transpose", [self]) { ct_transpose(raw, Int64(axis0), Int64(axis1), $0) }
    }

    /// A view with a new axis of size 1.
    package func unsqueeze(_ axis: Int) throws -> Tensor {
        try makeTensor("unsqueeze", [self]) { ct_unsqueeze(raw, Int64(axis), $0) }
    }

    /// A view in which axes of size 1 are repeated; -1 keeps a size.
    package func expand(_ shape: [Int]) throws -> Tensor {
        try makeTensor("expand to \(shape)", [self]) { out in withSizes(shape) { ct_expand(raw, $0, $1, out) } }
    }

    /// A view of `length` positions of an axis.
    package func narrow(_ axis: Int, start: Int, length: Int) throws -> Tensor {
        try makeTensor("narrow", [self]) { ct_narrow(raw, Int64(axis), Int64(start), Int64(length), $0) }
    }

    /// Views of `count` equal parts along an axis, in order. Throws where the size is no multiple of `count`.
    package func chunk(_ count: Int, axis: Int) throws -> [Tensor] {
        let length = count > 0 ? size(axis) / count : 0
        guard count > 0, length * count == size(axis) else {
            throw TorchError(
                kind: .operation, operation: "chunk", operands: ["\(dtype) \(shape)"],
                message: "axis \(axis) cannot be cut into \(count) equal parts")
        }
        return try (0..<count).map { try narrow(axis, start: $0 * length, length: length) }
    }

    /// The positions of an axis that an int64 vector names, in its order.
    package func indexSelect(_ axis: Int, _ index: Tensor) throws -> Tensor {
        try makeTensor("index_select", [self, index]) { ct_index_select(raw, Int64(axis), index.raw, $0) }
    }
}

/// The tensors one after another along an axis.
package func cat(_ tensors: [Tensor], axis: Int) throws -> Tensor {
    try makeTensor("cat", tensors) { out in
        ct_cat(tensors.map(\.raw), Int32(tensors.count), Int64(axis), out)
    }
}
