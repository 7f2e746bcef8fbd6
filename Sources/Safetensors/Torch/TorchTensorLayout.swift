/// How a tensor views its storage; offset and strides count elements.
struct TorchTensorLayout {
    let storage: TorchStorage
    let offset: Int
    let shape: [Int]
    let strides: [Int]

    /// The elements in C order, from the bytes of the storage. Throws `malformed` or `refusedTorchFile`, naming `path`.
    func gather(from bytes: UnsafeRawBufferPointer, path: String) throws -> [UInt8] {
        let dtype = storage.dtype
        let width = dtype.byteCount
        guard dtype.byteCount(ofShape: [storage.elementCount]) == bytes.count else {
            throw SafetensorsError.malformed(
                path: path,
                reason: "its storage \(storage.key.quoted) has \(bytes.count) bytes where "
                    + "\(storage.elementCount) elements of \(dtype.rawValue) were expected")
        }
        guard shape.count == strides.count, offset >= 0, strides.allSatisfy({ $0 >= 0 }),
            let byteCount = dtype.byteCount(ofShape: shape)
        else {
            throw SafetensorsError.malformed(
                path: path,
                reason: "its tensor has the shape \(shape.listed), strides \(strides.listed) and offset \(offset)")
        }
        // A view with a stride of 0 could claim any amount of memory.
        guard byteCount <= bytes.count else {
            throw SafetensorsError.refusedTorchFile(
                path: path,
                reason: "its tensor of shape \(shape.listed) is an expanded view of \(storage.elementCount) elements")
        }
        guard byteCount > 0 else { return [] }
        guard let last = lastElement, last < storage.elementCount else {
            throw SafetensorsError.malformed(
                path: path, reason: "its tensor reaches beyond the \(storage.elementCount) elements of its storage")
        }
        if isContiguous {
            return Array(bytes[offset * width..<offset * width + byteCount])
        }
        return copy(from: bytes, byteCount: byteCount, width: width)
    }

    /// A run of the elements as a tensor of one axis; of one that is not contiguous all elements.
    func elements(_ range: Range<Int>) -> TorchTensorLayout {
        let (start, overflow) = offset.addingReportingOverflow(range.lowerBound)
        guard isContiguous, !overflow else { return self }
        return TorchTensorLayout(storage: storage, offset: start, shape: [range.count], strides: [1])
    }

    private var isContiguous: Bool {
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            guard stride == expected else { return false }
            expected *= size
        }
        return true
    }

    /// The largest index into the storage, or nil if it overflows. No size may be 0.
    private var lastElement: Int? {
        var index = offset
        for (size, stride) in zip(shape, strides) {
            let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, carry) = index.addingReportingOverflow(distance)
            guard !overflow, !carry else { return nil }
            index = sum
        }
        return index
    }

    /// Copies element by element; the caller has checked that all indices lie inside `bytes`.
    private func copy(from bytes: UnsafeRawBufferPointer, byteCount: Int, width: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(byteCount)
        // An axis of size 1 never moves, and its stride may be any number, so that adding it could overflow.
        let axes = zip(shape, strides).filter { size, _ in size > 1 }.map { (size: $0, stride: $1) }
        var indices = Array(repeating: 0, count: axes.count)
        var element = offset
        while result.count < byteCount {
            result.append(contentsOf: bytes[element * width..<(element + 1) * width])
            // Count like an odometer, the last axis fastest.
            for (axis, (size, stride)) in axes.enumerated().reversed() {
                indices[axis] += 1
                element += stride
                guard indices[axis] == size else { break }
                element -= size * stride
                indices[axis] = 0
            }
        }
        return result
    }
}
