package import Torch

/// Everything that training keeps of a model's parts, in slots that a storage has.
///
/// With ``Sharding`` a slot holds this process's piece of a part, but for gradients that each process sums up whole.
package final class TrainedState {
    package let parts: [TrainedPart]
    package let storage: any StateStorage
    package let sharding: Sharding
    /// Where the gradients of a pass arrive that cannot be added at once.
    package let scratch: PartScratch
    private let sums: GradientSums

    /// Copies weights.
    ///
    /// - Parameters:
    ///   - dtype: What is computed in; the state is float32.
    ///   - storage: nil for the device's memory.
    ///   - sharesScratch: Whether the parts' backward passes come one after the other.
    ///   - keepsWeights: Whether a copy of the weights to compute with is kept where one is needed and processes do not share it.
    ///   - releasePages: Called when a part has been copied, and need not be in memory any more.
    package init(
        _ parts: [(prefix: String, weights: [(name: String, tensor: Tensor)])], dtype: DType, device: Device,
        storage: (any StateStorage)? = nil, sharding: Sharding = Sharding(), sharesScratch: Bool = false,
        keepsWeights: Bool = true, releasePages: () -> Void = {}
    ) throws {
        let storage = storage ?? ResidentStorage(device: device)
        let layouts = parts.map { part in
            PartLayout(prefix: part.prefix, part.weights.map { ($0.name, $0.tensor.shape) })
        }
        let largest = layouts.map { sharding.paddedCount($0.count) }.max() ?? 0
        let scratch = PartScratch(least: sharesScratch ? largest : 0, dtype: dtype, device: device)
        let surroundings = TrainedPart.Surroundings(
            dtype: dtype, device: device, storage: storage, sharding: sharding, scratch: scratch)
        (self.storage, self.sharding, self.scratch, sums) = (storage, sharding, scratch, surroundings.sums)
        let weightScratch = PartScratch(least: largest, dtype: dtype, device: device)
        let keepsWeights = keepsWeights && !sharding.sharesWeights
        let isMasters = dtype == .float32 && storage.isResident && (keepsWeights || !sharding.sharesState)
        self.parts = try zip(layouts, parts).enumerated().map { index, part in
            let (layout, (_, weights)) = part
            let (padded, shard) = (sharding.paddedCount(layout.count), sharding.shardCount(layout.count))
            let whole = try cat(
                weights.map { try $0.tensor.to(.float32, device: device).reshape([$0.tensor.elementCount]) }
                    + (padded > layout.count ? [Tensor.zeros([padded - layout.count], device: device)] : []), axis: 0)
            let own = try sharding.own(whole)
            // A piece that is kept must not keep the whole.
            let isPieceOfLost = sharding.sharesState && storage.isResident && !isMasters
            try storage.create(.master, of: index, from: isPieceOfLost ? own.clone() : own)
            try storage.create(.gradient, of: index, count: sharding.sharesGradients ? shard : padded)
            releasePages()
            return TrainedPart(
                layout, index: index,
                weights: try WorkingWeights(
                    layout, part: index, whole: whole,
                    residence: isMasters ? .masters : keepsWeights ? .copy : .transient, dtype: dtype,
                    storage: storage, sharding: sharding, scratch: weightScratch), surroundings)
        }
    }

    /// Begins to keep another slot of zeros of each part.
    func create(_ slot: StateSlot) throws {
        for part in parts { try storage.create(slot, of: part.index, count: sharding.shardCount(part.layout.count)) }
    }

    /// Forgets the gradients of all passes since the last update.
    package func discardGradients() throws { for part in parts { try part.discardGradients() } }

    /// Computes with what the masters hold now.
    package func refreshWeights() throws { for part in parts { try part.weights.refresh() } }

    /// The norm of all gradients, a scalar; not finite when a gradient is not.
    package func gradientNorm() throws -> Tensor {
        try sums.settle()
        return try sharding.jointNorm(jointNorm(parts.map { try $0.gradientNorms() }))
    }

    /// A slot of a part, float32 `[count]`: the memory itself where it is resident and whole.
    ///
    /// - Parameter owner: The process that gets it; all call this, in the same order. nil for every process.
    package func gathered(_ slot: StateSlot, of part: Int, at owner: Int? = nil) throws -> Tensor? {
        let count = parts[part].layout.count
        let isShared = slot == .gradient ? sharding.sharesGradients : sharding.sharesState
        // Where every process has all of it, nothing is read for others.
        if !isShared, let owner, let group = sharding.group, group.rank != owner { return nil }
        return try storage.with(slot, of: part) { values in
            guard isShared, let group = sharding.group else {
                let whole = try values.narrow(0, start: 0, length: count)
                return try storage.isResident ? whole : whole.clone()
            }
            let hasAll = owner == nil || owner == group.rank
            let whole =
                try hasAll ? Tensor.empty([sharding.paddedCount(count)], device: values.device) : nil
            if let owner {
                try group.gather(values, into: whole, at: owner)
            } else if let whole {
                try group.allGather(values, into: whole)
            }
            return try whole?.narrow(0, start: 0, length: count)
        }
    }

    /// The weights' numbers in a slot of all parts, by the weights' keys.
    package func views(of slot: StateSlot) throws -> [(key: String, tensor: Tensor)] {
        try parts.flatMap { part in try gathered(slot, of: part.index).map(part.layout.views) ?? [] }
    }

    /// Puts numbers by the weights' keys, all of them, in a slot of a part; of those that are sharded this process keeps its piece.
    package func put(_ tensors: [String: Tensor], in slot: StateSlot, of part: Int) throws {
        let layout = parts[part].layout
        let shard = sharding.shardCount(layout.count)
        let first = sharding.sharesState ? (sharding.group?.rank ?? 0) * shard : 0
        try storage.with(slot, of: part, .changed) { values in
            try withoutGradients { try layout.copy(tensors, into: values, from: first) }
        }
        if slot == .master { try parts[part].weights.refresh() }
    }
}
