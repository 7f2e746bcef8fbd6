package import Torch

/// Slots in the host's memory, where AdamW works on the host's cores; what goes to a CUDA device and back is pinned, so that it goes
/// directly.
package final class HostStorage: StateStorage {
    private let isPinned: Bool
    private let memory = ResidentStorage(device: .cpu)

    /// - Parameter device: What computes.
    package init(device: Device) { isPinned = device.kind == .cuda }

    package var isResident: Bool { false }

    package func create(_ slot: StateSlot, of part: Int, from tensor: Tensor) throws {
        try create(slot, of: part, count: tensor.elementCount)
        try withoutGradients { try acquire(slot, of: part).copyInPlace(tensor) }
    }

    package func create(_ slot: StateSlot, of part: Int, count: Int) throws {
        let zeros = try Tensor.zeros([count])
        try memory.create(slot, of: part, from: isPinned ? zeros.pinned() : zeros)
    }

    package func acquire(_ slot: StateSlot, of part: Int) -> Tensor { memory.acquire(slot, of: part) }

    package func release(_ slot: StateSlot, of part: Int, _ change: SlotChange) throws {
        try memory.release(slot, of: part, change)
    }
}
