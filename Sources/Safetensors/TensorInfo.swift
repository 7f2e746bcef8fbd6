/// Where one tensor lies in a safetensors file. Its elements are little endian, in C order, without gaps.
package struct TensorInfo: Sendable, Equatable {
    /// The tensor's key, as the header spells it.
    package let name: String
    /// The element type.
    package let dtype: StoredDType
    /// The sizes, outermost first; `[]` for a rank-0 tensor. A size may be 0.
    package let shape: [Int]
    /// The first byte, counted from the start of the file (the header itself counts from the start of the data).
    package let byteOffset: Int
    /// `elementCount * dtype.byteCount`.
    package let byteCount: Int

    /// The product of the shape; 1 for a rank-0 tensor.
    package var elementCount: Int { byteCount / dtype.byteCount }

    /// Whether the elements lie at a multiple of their width, as typed access in place needs.
    ///
    /// The format recommends alignment and its own writer pads for it, but a valid file may lack it.
    package var isAligned: Bool { byteOffset.isMultiple(of: dtype.byteCount) }
}
