package import Torch

/// Slots in the host's memory, where AdamW works on the host's cores; what goes to a CUDA device and back is pinned, so that it goes
/// directly.
package final class HostStorage: StateStorage {
    private struct Key: Hashable {
        let slot: StateSlot
        let part: Int
    }

    private let isPinned: Bool
    private var tensors: [Key: Tensor] = [:]

    /// - Parameter device: What computes.
    package init(device: Device) { isPinned = device.kind == .cuda }

    package var isResident: Bool { false }

    package func create(_ slot: StateSlot, of part: Int, from tensor: Tensor) throws {
        try create(slot, of: part, count: tensor.elementCount)
        try withoutGradients { try acquire(slot, of: part).copyInPlace(tensor) }
    }

    package func create(_ slot: StateSlot, of part: Int, count: Int) throws {
        let tensor = try Tensor.zeros([count])
        tensors[Key(slot: slot, part: part)] = try isPinned ? tensor.pinned() : tensor
    }

    package func acquire(_ slot: StateSlot, of part: Int) -> Tensor {
        guard let tensor = tensors[Key(slot: slot, part: part)] else {
            preconditionFailure("nobody created \(slot.rawValue) of part \(part)")
        }
        return tensor
    }

    package func release(_ slot: StateSlot, of part: Int, _ change: SlotChange) throws {
        if change == .cleared { try acquire(slot, of: part).zeroInPlace() }
    }
}
