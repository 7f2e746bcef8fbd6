package import TorchTraining

/// What a checkpoint holds: groups of named tensors, and documents. What they mean is for who writes them to know.
package struct CheckpointContents {
    /// Named tensors, which are made piece by piece.
    package struct Group {
        /// By their first keys, which is about their order in files.
        package let pieces: [CheckpointPiece]
        /// Whether one process writes all of it, for what reads it knows no index of several files.
        package let isOneFile: Bool

        package init(_ pieces: [CheckpointPiece], isOneFile: Bool = false) {
            self.pieces = pieces.sorted { $0.tensors.first?.key ?? "" < $1.tensors.first?.key ?? "" }
            self.isOneFile = isOneFile
        }

        /// The rank that writes a piece.
        func owner(of piece: CheckpointPiece, worldSize: Int) -> Int { isOneFile ? 0 : piece.part % worldSize }
    }

    /// By name.
    package var groups: [String: Group] = [:]
    /// Whether what the pieces are made of is in memory, and not in files.
    package var isInMemory = true
    /// By name.
    package var documents: [String: [UInt8]] = [:]

    package init() {}
}
