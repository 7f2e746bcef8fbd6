package import Torch

/// The weights that a part computes with: its masters themselves where they are float32, whole and on the device, else a copy of them, which is
/// kept or made each time that the part's turn comes.
///
/// Where processes share the masters, each fills in its piece and they gather the rest of the copy from each other; all of them must then ask
/// for the same parts in the same order.
package final class WorkingWeights {
    /// `masters`: the same memory, of which the masters are this process's piece.
    enum Residence { case masters, copy, transient }

    private let part: Int
    private let layout: PartLayout
    private let dtype: DType
    private let device: Device
    private let storage: any StateStorage
    private let sharding: Sharding
    private let scratch: PartScratch
    private let residence: Residence
    /// What is computed with: the masters or their average.
    private var source = StateSlot.master
    private var flat: Tensor?
    /// What ``flat`` is the beginning of, where it is not kept.
    private var borrowed: Tensor?
    /// What fills ``flat``.
    private var gathering: CollectiveWork?
    private var leaves: [String: Tensor] = [:]
    /// How many have acquired the weights.
    private var holders = 0

    /// - Parameter whole: The weights as they are, padded, float32 on the device.
    init(
        _ layout: PartLayout, part: Int, whole: Tensor, residence: Residence, dtype: DType, storage: any StateStorage,
        sharding: Sharding, scratch: PartScratch
    ) throws {
        (self.layout, self.part, self.dtype, device) = (layout, part, dtype, whole.device)
        (self.storage, self.sharding, self.residence, self.scratch) = (storage, sharding, residence, scratch)
        switch residence {
        case .masters: flat = whole
        case .copy: flat = try whole.to(dtype)
        case .transient: break
        }
        try makeLeaves()
    }

    /// Makes the weights present: leaves by their names without the prefix.
    package func acquire() throws -> [String: Tensor] {
        if flat == nil { try load() }
        try settle()
        if leaves.isEmpty { try makeLeaves() }
        holders += 1
        return leaves
    }

    /// Tells that the weights will be acquired soon, by all processes.
    package func expect() throws {
        guard residence == .transient, flat == nil else { return }
        if sharding.sharesState { try load() } else { try storage.expect([source], of: part) }
    }

    package func release() {
        holders = max(0, holders - 1)
        letGo()
    }

    /// Takes the weights from all who have acquired them: a pass has failed.
    func releaseAll() {
        holders = 0
        letGo()
    }

    private func letGo() {
        guard residence == .transient, holders == 0 else { return }
        leaves = [:]
        // What others may still write to is nobody else's yet.
        if let borrowed, gathering == nil { scratch.giveBack(borrowed) }
        (flat, borrowed, gathering) = (nil, nil, nil)
    }

    private func load() throws {
        let count = sharding.paddedCount(layout.count)
        let memory = try scratch.take(count)
        borrowed = memory
        let whole = try memory.narrow(0, start: 0, length: count)
        try fill(whole)
        flat = whole
    }

    /// Begins to put what the source holds in a tensor.
    private func fill(_ whole: Tensor) throws {
        if residence != .masters {
            try storage.with(source, of: part) { values in
                try withoutGradients { try sharding.own(whole).copyInPlace(values) }
            }
        }
        gathering = try sharding.beginGather(whole)
    }

    /// Waits for the other processes' pieces.
    func settle() throws {
        try gathering?.wait()
        gathering = nil
    }

    private func makeLeaves() throws {
        guard let flat else { return }
        leaves = Dictionary(
            uniqueKeysWithValues: try zip(layout.names, layout.views(of: flat)).map { name, view in
                let leaf = try view.tensor.detached()
                try leaf.setRequiresGradient()
                return (name, leaf)
            })
    }

    /// Computes with what the source holds now.
    func refresh() throws {
        guard residence != .transient, let flat else { return letGo() }
        try settle()
        try fill(flat)
    }

    /// Computes with the masters or with their average from now on. Nobody may have acquired the weights of a part that is not in memory.
    func compute(with slot: StateSlot) throws {
        guard slot != source else { return }
        if residence == .masters {
            try settle()
            try storage.with([.master: .changed, .average: .changed], of: part) { slots in
                let masters = try slots[0].clone()
                try slots[0].copyInPlace(slots[1])
                try slots[1].copyInPlace(masters)
            }
        }
        source = slot
        try refresh()
    }
}
