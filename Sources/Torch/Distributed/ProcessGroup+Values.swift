import Foundation

extension ProcessGroup {
    /// All ranks' numbers, element by element: their sum, or another reduction.
    package func allReduce(_ values: [Double], _ reduction: Reduction = .sum) throws -> [Double] {
        let tensor = try Tensor(values, shape: [values.count])
        try allReduce(tensor, reduction)
        return try tensor.array()
    }

    /// All ranks' bytes, in their order; each rank may give another number of them.
    package func allGather(_ bytes: [UInt8]) throws -> [[UInt8]] {
        try collect(bytes) { padded, flat in try allGather(padded, into: flat()) } ?? []
    }

    /// All ranks' bytes, in their order, on `root`; nil elsewhere.
    package func gather(_ bytes: [UInt8], at root: Int = 0) throws -> [[UInt8]]? {
        try collect(bytes) { padded, flat in try gather(padded, into: rank == root ? flat() : nil, at: root) }
    }

    /// `root`'s bytes on every rank.
    package func broadcast(_ bytes: [UInt8], from root: Int = 0) throws -> [UInt8] {
        let count = Int(try allReduce([rank == root ? Double(bytes.count) : 0])[0])
        guard count > 0 else { return [] }
        let tensor = try rank == root ? Tensor(bytes, shape: [count]) : Tensor.zeros([count], dtype: .uint8)
        try broadcast(tensor, from: root)
        return try tensor.array()
    }

    /// Sends each rank's bytes as many as the most have, and cuts them to their sizes again.
    private func collect(
        _ bytes: [UInt8], _ send: (Tensor, () throws -> Tensor) throws -> Void
    ) throws -> [[UInt8]]? {
        let sizes = try Tensor.zeros([size], dtype: .int64)
        try allGather(Tensor([Int64(bytes.count)], shape: [1]), into: sizes)
        let counts = try sizes.array(of: Int64.self).map(Int.init)
        let most = counts.max() ?? 0
        guard most > 0 else { return counts.map { _ in [] } }
        var flat: Tensor?
        try send(Tensor(bytes + [UInt8](repeating: 0, count: most - bytes.count), shape: [most])) {
            let room = try Tensor.zeros([size * most], dtype: .uint8)
            flat = room
            return room
        }
        guard let all = try flat?.array(of: UInt8.self) else { return nil }
        return counts.enumerated().map { rank, count in Array(all[rank * most..<rank * most + count]) }
    }
}
