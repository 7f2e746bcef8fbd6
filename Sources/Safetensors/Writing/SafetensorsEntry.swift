/// One tensor to be written. Its bytes are asked for when their turn comes, so that a model is never in memory twice.
package struct SafetensorsEntry {
    /// The tensor's key.
    package let name: String
    /// The element type.
    package let dtype: StoredDType
    /// The sizes, outermost first; `[]` for a rank-0 tensor.
    package let shape: [Int]
    /// Hands the tensor's bytes (C order, little endian) to `consume`, in one piece or in successive pieces.
    ///
    /// The writer calls this once. A buffer needs to be valid only during the call of `consume`, so that a piece can be
    /// a host copy that is freed right after. What it throws ends the writing.
    package let withBytes: (_ consume: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

    /// An entry whose bytes are made on demand by `withBytes`.
    package init(
        name: String, dtype: StoredDType, shape: [Int],
        withBytes: @escaping (_ consume: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.withBytes = withBytes
    }

    /// An entry whose bytes are at hand.
    package init(name: String, dtype: StoredDType, shape: [Int], bytes: [UInt8]) {
        self.init(name: name, dtype: dtype, shape: shape) { consume in
            try bytes.withUnsafeBytes { try consume($0) }
        }
    }
}

/// A tensor's place in a file that is to be written.
package struct SafetensorsSlot: Sendable, Equatable {
    package let name: String
    package let dtype: StoredDType
    package let shape: [Int]

    package init(name: String, dtype: StoredDType, shape: [Int]) {
        (self.name, self.dtype, self.shape) = (name, dtype, shape)
    }

    var byteCount: Int { dtype.byteCount(ofShape: shape) ?? 0 }

    /// The reference's order: widest dtype first, then by name.
    func precedes(_ other: SafetensorsSlot) -> Bool {
        dtype == other.dtype
            ? name.utf8.lexicographicallyPrecedes(other.name.utf8) : dtype.layoutRank > other.dtype.layoutRank
    }
}

extension SafetensorsEntry {
    var slot: SafetensorsSlot { SafetensorsSlot(name: name, dtype: dtype, shape: shape) }
}
