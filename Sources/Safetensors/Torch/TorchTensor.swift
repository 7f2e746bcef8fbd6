/// A tensor in a file of `torch.save`, whose bytes are read when asked for.
package struct TorchTensor {
    let layout: TorchTensorLayout
    let archive: TorchArchive

    package var dtype: StoredDType { layout.storage.dtype }
    package var shape: [Int] { layout.shape }
    package var path: String { archive.path }

    /// The number of elements. Throws `malformed` for a shape that no tensor has.
    package func elementCount() throws -> Int {
        guard let count = dtype.byteCount(ofShape: shape) else {
            throw SafetensorsError.malformed(path: path, reason: "its tensor has the shape \(shape.listed)")
        }
        return count / dtype.byteCount
    }

    /// All elements in C order, little endian. Throws `malformed`, `refusedTorchFile` or `outOfBounds`.
    package func bytes() throws -> [UInt8] {
        try archive.withStorage(layout.storage) { try layout.gather(from: $0, path: path) }
    }

    /// Some of the elements in C order, which for a contiguous tensor are all that is read.
    package func bytes(of range: Range<Int>) throws -> [UInt8] {
        try archive.withStorage(layout.storage) { storage in
            guard range.lowerBound >= 0, range.upperBound <= (try elementCount()) else {
                throw SafetensorsError.malformed(
                    path: path, reason: "elements \(range) of a tensor of shape \(shape.listed) were asked for")
            }
            return try layout.elements(range).gather(from: storage, path: path)
        }
    }
}
