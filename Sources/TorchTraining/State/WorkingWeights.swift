package import Torch

/// The weights that a part computes with: its masters themselves where they are float32 and on the device, else a copy of them, which is
/// kept or made each time that the part's turn comes.
package final class WorkingWeights {
    private enum Residence { case masters, copy, transient }

    private let part: Int
    private let layout: PartLayout
    private let dtype: DType
    private let device: Device
    private let storage: any StateStorage
    private let residence: Residence
    /// What is computed with: the masters or their average.
    private var source = StateSlot.master
    private var flat: Tensor?
    private var leaves: [String: Tensor] = [:]
    /// How many have acquired the weights.
    private var holders = 0

    /// - Parameter staysInMemory: Whether a copy is kept.
    init(
        _ layout: PartLayout, part: Int, dtype: DType, device: Device, storage: any StateStorage, staysInMemory: Bool
    ) throws {
        (self.layout, self.part, self.dtype, self.device) = (layout, part, dtype, device)
        self.storage = storage
        residence = dtype == .float32 && storage.isResident ? .masters : staysInMemory ? .copy : .transient
        if residence != .transient { try load() }
    }

    /// Makes the weights present: leaves by their names without the prefix.
    package func acquire() throws -> [String: Tensor] {
        if flat == nil { try load() }
        holders += 1
        return leaves
    }

    /// Tells that the weights will be acquired soon, where they have to be made of what the storage has.
    package func expect() throws {
        if residence == .transient, flat == nil { try storage.expect([source], of: part) }
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
        if residence == .transient, holders == 0 { (flat, leaves) = (nil, [:]) }
    }

    private func load() throws {
        let flat = try storage.with(source, of: part) { values in
            try withoutGradients {
                if residence == .masters { return values }
                let copy = try Tensor.empty([layout.count], dtype: dtype, device: device)
                try copy.copyInPlace(values)
                return copy
            }
        }
        leaves = Dictionary(
            uniqueKeysWithValues: try zip(layout.names, layout.views(of: flat)).map { name, view in
                let leaf = try view.tensor.detached()
                try leaf.setRequiresGradient()
                return (name, leaf)
            })
        self.flat = flat
    }

    /// Computes with what the source holds now.
    func refresh() throws {
        guard residence == .copy, let flat else { return letGo() }
        try storage.with(source, of: part) { values in try withoutGradients { try flat.copyInPlace(values) } }
    }

    /// Computes with the masters or with their average from now on. Nobody may have acquired the weights of a part that is not in memory.
    func compute(with slot: StateSlot) throws {
        guard slot != source else { return }
        if residence == .masters {
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
