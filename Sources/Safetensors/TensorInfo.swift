/// Where one tensor lies in a safetensors file. Its elements are little endian, in C order, without gaps.
public struct TensorInfo: Sendable, Equatable {
    /// The tensor's key, as the header spells it.
    public let name: String
    /// The element type.
    public let dtype: StoredDType
    /// The sizes, outermost first; `[]` for a rank-0 tensor. A size may be 0.
    public let shape: [Int]
    /// The first byte, counted from the start of the file (the header itself counts from the start of the data).
    public let byteOffset: Int
    /// `elementCount * dtype.byteCount`.
    public let byteCount: Int

    /// The product of the shape; 1 for a rank-0 tensor.
    public var elementCount: Int { byteCount / dtype.byteCount }

    /// Whether the elements lie at a multiple of their width, as typed access in place needs.
    ///
    /// The format recommends alignment and its own writer pads for it, but a valid file may lack it.
    public var isAligned: Bool { byteOffset.isMultiple(of: dtype.byteCount) }
}
