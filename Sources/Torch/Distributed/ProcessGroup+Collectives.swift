import CTorch

extension ProcessGroup {
    /// What becomes of the ranks' elements.
    package enum Reduction: Sendable {
        case sum, max, min

        var raw: ct_reduction {
            switch self {
            case .sum: CT_SUM
            case .max: CT_MAXIMUM
            case .min: CT_MINIMUM
            }
        }
    }

    /// Makes `tensor` on every rank the sum, or another reduction, of all ranks' tensors; all get the same bits.
    package func allReduce(_ tensor: Tensor, _ reduction: Reduction = .sum) throws {
        try beginAllReduce(tensor, reduction).wait()
    }

    package func beginAllReduce(_ tensor: Tensor, _ reduction: Reduction = .sum) throws -> CollectiveWork {
        try begin("all-reduce", [tensor]) { ct_begin_all_reduce($0, tensor.raw, reduction.raw, $1) }
    }

    /// Makes `flat` on every rank the shards of all ranks, in their order.
    package func allGather(_ shard: Tensor, into flat: Tensor) throws {
        try beginAllGather(shard, into: flat).wait()
    }

    package func beginAllGather(_ shard: Tensor, into flat: Tensor) throws -> CollectiveWork {
        try requireShards("all-gather", shard, flat)
        return try begin("all-gather", [shard, flat]) { ct_begin_all_gather($0, flat.raw, shard.raw, $1) }
    }

    /// Makes `shard` this rank's part of the sum, or another reduction, of all ranks' `flat`, whose own content is lost.
    ///
    /// The bits are those that ``allReduce(_:_:)`` gives.
    package func reduceScatter(_ flat: Tensor, into shard: Tensor, _ reduction: Reduction = .sum) throws {
        try beginReduceScatter(flat, into: shard, reduction).wait()
    }

    package func beginReduceScatter(
        _ flat: Tensor, into shard: Tensor, _ reduction: Reduction = .sum
    ) throws -> CollectiveWork {
        try requireShards("reduce-scatter", shard, flat)
        return try begin("reduce-scatter", [flat, shard]) {
            ct_begin_reduce_scatter($0, flat.raw, shard.raw, reduction.raw, $1)
        }
    }

    /// Makes `tensor` on every rank what it is on `root`.
    package func broadcast(_ tensor: Tensor, from root: Int = 0) throws {
        try beginBroadcast(tensor, from: root).wait()
    }

    package func beginBroadcast(_ tensor: Tensor, from root: Int = 0) throws -> CollectiveWork {
        try begin("broadcast", [tensor]) { ct_begin_broadcast($0, tensor.raw, Int32(root), $1) }
    }

    /// Makes `flat` on `root` the shards of all ranks, in their order; nil elsewhere.
    package func gather(_ shard: Tensor, into flat: Tensor?, at root: Int) throws {
        try beginGather(shard, into: flat, at: root).wait()
    }

    package func beginGather(_ shard: Tensor, into flat: Tensor?, at root: Int) throws -> CollectiveWork {
        precondition((flat != nil) == (rank == root), "the root, and it alone, has room for all shards")
        if let flat { try requireShards("gather", shard, flat) }
        return try begin("gather", [shard] + (flat.map { [$0] } ?? [])) {
            ct_begin_gather($0, flat?.raw ?? ct_tensor(), shard.raw, Int32(root), $1)
        }
    }

    /// Returns when every rank has called it.
    package func barrier() throws {
        try begin("barrier", []) { ct_begin_barrier($0, $1) }.wait()
    }

    private func requireShards(_ operation: String, _ shard: Tensor, _ flat: Tensor) throws {
        guard flat.elementCount == shard.elementCount * size, flat.dtype == shard.dtype, flat.device == shard.device
        else {
            throw TorchError(
                kind: .operation, operation: operation, operands: [shard, flat].map { "\($0.dtype) \($0.shape)" },
                message: "the second must hold exactly \(size) of the first, in its dtype and on its device")
        }
    }
}
