import CTorch

/// A multi-dimensional array of libtorch, on the CPU or an accelerator.
///
/// A `Tensor` refers to its memory: copies of the struct and views (``narrow(_:start:length:)``, ``transpose(_:_:)``, …)
/// share it. Operations give new tensors unless their name ends in `InPlace`. It is not `Sendable`: hand bytes between
/// threads and make tensors on the thread that computes.
///
///     let a = try Tensor([1, 2, 3, 4], shape: [2, 2])
///     let b = try matmul(a, a) + 1
///     print(try b.array(of: Float.self))
package struct Tensor {
    let handle: TensorHandle

    var raw: ct_tensor { handle.raw }

    init(owning raw: ct_tensor) {
        handle = TensorHandle(raw)
    }

    /// The size of each axis. A scalar has none.
    package var shape: [Int] {
        let count = Int(ct_tensor_dimension_count(raw))
        let sizes = [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress { ct_tensor_sizes(raw, base) }
            initialized = count
        }
        return sizes.map(Int.init)
    }

    /// The type of the elements.
    package var dtype: DType {
        guard let dtype = DType(raw: ct_tensor_dtype(raw)) else {
            preconditionFailure("libtorch made a tensor of a dtype that this package does not use")
        }
        return dtype
    }

    /// Where the memory is.
    package var device: Device { Device(raw: ct_tensor_device(raw)) }

    /// The product of the shape: 1 for a scalar.
    package var elementCount: Int { shape.reduce(1, *) }

    /// Whether elements lie in row order without gaps.
    package var isContiguous: Bool { ct_tensor_is_contiguous(raw) }

    /// The size of one axis; negative axes count from the end. Traps when there is no such axis.
    package func size(_ axis: Int) -> Int {
        let shape = shape
        return shape[axis < 0 ? shape.count + axis : axis]
    }
}

/// Owns one handle of the shim.
final class TensorHandle {
    let raw: ct_tensor

    init(_ raw: ct_tensor) { self.raw = raw }

    deinit { ct_tensor_free(raw) }
}

/// Runs one call of the shim that gives a tensor.
func makeTensor(
    _ operation: String, _ operands: @autoclosure () -> [Tensor],
    _ call: (UnsafeMutablePointer<ct_tensor>) -> ct_status
) throws -> Tensor {
    var out = ct_tensor()
    let status = call(&out)
    if status != CT_OK { try check(status, operation, operands()) }
    OperationProfile.current?.note(operation)
    return Tensor(owning: out)
}

/// Calls `body` with a shape or a list of axes as the shim takes them.
func withSizes<R>(_ sizes: [Int], _ body: (UnsafePointer<Int64>?, Int32) throws -> R) rethrows -> R {
    try sizes.map(Int64.init).withUnsafeBufferPointer { try body($0.baseAddress, Int32($0.count)) }
}
