import CTorch

extension Tensor {
    /// A CPU tensor of the array's elements in row order. Throws unless `shape` holds exactly as many.
    package init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws {
        self = try elements.withUnsafeBytes { try Tensor(copying: $0, shape: shape, dtype: Element.dtype) }
    }

    /// A CPU tensor with a copy of raw memory in row order. Throws unless the byte count is that of the shape.
    package init(copying bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) throws {
        let wanted = shape.reduce(dtype.byteCount) { product, size in
            let (bytes, overflow) = product.multipliedReportingOverflow(by: size)
            return overflow ? -1 : bytes
        }
        guard wanted == bytes.count, shape.allSatisfy({ $0 >= 0 }) else {
            throw TorchError(
                kind: .operation, operation: "tensor", operands: [],
                message: "\(bytes.count) bytes were given, which is not the size of \(dtype) \(shape)")
        }
        self = try Tensor.empty(shape, dtype: dtype)
        if let source = bytes.baseAddress, let target = ct_tensor_data(raw) {
            target.copyMemory(from: source, byteCount: bytes.count)
        }
    }

    /// A CPU tensor over memory that `owner` keeps valid: nothing is copied, and `owner` is released with the tensor.
    ///
    /// `memory` must hold the whole shape, be aligned for the dtype and writable if anything writes to the tensor.
    package init(borrowing memory: UnsafeMutableRawPointer, shape: [Int], dtype: DType, owner: AnyObject) throws {
        let context = Unmanaged.passRetained(owner)
        let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            if let context { Unmanaged<AnyObject>.fromOpaque(context).release() }
        }
        var out = ct_tensor()
        let status = withSizes(shape) {
            ct_tensor_from_memory(memory, $0, $1, dtype.raw, release, context.toOpaque(), &out)
        }
        if status != CT_OK { context.release() }
        try check(status, "tensor over memory of shape \(shape)")
        self.init(owning: out)
    }

    /// Uninitialized memory.
    package static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        try makeTensor("empty \(dtype) \(shape)", []) { out in
            withSizes(shape) { ct_tensor_empty($0, $1, dtype.raw, device.raw, out) }
        }
    }

    /// Every element is `value`.
    package static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
    ) throws -> Tensor {
        try makeTensor("full \(dtype) \(shape)", []) { out in
            withSizes(shape) { ct_tensor_full($0, $1, value, dtype.raw, device.raw, out) }
        }
    }

    package static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        try full(shape, 0, dtype: dtype, device: device)
    }

    package static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
        try full(shape, 1, dtype: dtype, device: device)
    }

    /// The whole numbers from `range.lowerBound` up to but not including `range.upperBound`.
    package static func arange(_ range: Range<Int>, dtype: DType = .int64, device: Device = .cpu) throws -> Tensor {
        try makeTensor("arange", []) {
            ct_tensor_arange(Int64(range.lowerBound), Int64(range.upperBound), dtype.raw, device.raw, $0)
        }
    }

    /// Draws from the standard normal distribution.
    ///
    /// With a `seed` the values are those that `torch.randn` gives from a fresh generator with that seed, and the
    /// process's own generator is left as it was; without one they come from that generator (``TorchRuntime/manualSeed(_:)``).
    package static func randn(
        _ shape: [Int], seed: UInt32? = nil, dtype: DType = .float32, device: Device = .cpu
    ) throws -> Tensor {
        try makeTensor("randn \(dtype) \(shape)", []) { out in
            withSizes(shape) { ct_tensor_randn($0, $1, seed.map(Int64.init) ?? -1, dtype.raw, device.raw, out) }
        }
    }
}
