import CTorch

extension Tensor {
    /// This tensor with another dtype or on another device; itself where nothing changes.
    package func to(_ dtype: DType? = nil, device: Device? = nil) throws -> Tensor {
        let (dtype, device) = (dtype ?? self.dtype, device ?? self.device)
        return try makeTensor("to(\(dtype), \(device))", [self]) { ct_tensor_to(raw, dtype.raw, device.raw, $0) }
    }

    /// The elements in row order. The tensor must have the array's dtype. Waits for the device.
    package func array<Element: TensorElement>(of type: Element.Type = Element.self) throws -> [Element] {
        guard dtype == Element.dtype else {
            throw TorchError(
                kind: .operation, operation: "array(of: \(Element.self))", operands: ["\(dtype) \(shape)"],
                message: "the dtype is not \(Element.dtype); convert first with to(.\(Element.dtype))")
        }
        let count = elementCount
        return try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            try copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Copies all elements in row order into `destination`, which must have exactly their size. Waits for the device.
    package func copyBytes(to destination: UnsafeMutableRawBufferPointer) throws {
        try check(
            ct_tensor_copy_to_host(raw, destination.baseAddress, destination.count), "copy to host", [self])
    }

    /// Calls `body` with the elements' bytes in row order; without a copy when they lie so in host memory already.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        let host = try detached().to(device: .cpu).contiguous()
        return try withExtendedLifetime(host) {
            let count = host.elementCount * host.dtype.byteCount
            return try body(UnsafeRawBufferPointer(start: ct_tensor_data(host.raw), count: count))
        }
    }

    /// The value of a tensor with one element. Waits for the device.
    package func item() throws -> Double {
        var value = 0.0
        try check(ct_item(raw, &value), "item", [self])
        return value
    }

    /// The values of float32 scalars of one device, which is waited for once.
    package static func items(_ scalars: [Tensor]) throws -> [Double] {
        try cat(scalars.map { try $0.reshape([1]) }, axis: 0).array(of: Float.self).map(Double.init)
    }

    /// In row order without gaps; itself where it is so already.
    package func contiguous() throws -> Tensor {
        try makeTensor("contiguous", [self]) { ct_tensor_contiguous(raw, $0) }
    }

    /// `[N, C, H, W]` with the channels of a position side by side in memory, which convolutions and what is between
    /// them keep; itself where it is so already. Shape and values stay.
    package func channelsLast() throws -> Tensor {
        try makeTensor("channels_last", [self]) { ct_tensor_channels_last(raw, $0) }
    }

    /// A copy in the host's memory that a CUDA device reaches directly. Throws where there is no such device.
    package func pinned() throws -> Tensor {
        try makeTensor("pin_memory", [self]) { ct_tensor_pin(raw, $0) }
    }

    /// A copy in memory of its own.
    package func clone() throws -> Tensor {
        try makeTensor("clone", [self]) { ct_tensor_clone(raw, $0) }
    }
}
