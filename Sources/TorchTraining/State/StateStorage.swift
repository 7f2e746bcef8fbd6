package import Torch

/// What training keeps of each part of a model, float32 numbers as many as the part's weights each.
package enum StateSlot: String, Sendable, CaseIterable {
    /// The weights.
    case master
    /// The gradients of an update so far.
    case gradient
    /// AdamW's moments.
    case expAvg = "exp_avg"
    case expAvgSq = "exp_avg_sq"
    /// The average of the weights, where there is one.
    case average
}

/// What a user has done to a slot.
package enum SlotChange: Sendable {
    case unchanged, changed
    /// All zeros from now on, whatever is in the tensor.
    case cleared
}

/// Where the slots of a model's parts are when nobody uses them.
///
/// A slot may be acquired again before it is released; it is present until the last one releases it.
package protocol StateStorage: AnyObject {
    /// Whether a slot is always the same memory, on the device that computes.
    var isResident: Bool { get }
    /// Begins to keep a slot; may take the tensor itself.
    func create(_ slot: StateSlot, of part: Int, from tensor: Tensor) throws
    /// Begins to keep a slot of zeros.
    func create(_ slot: StateSlot, of part: Int, count: Int) throws
    /// Tells that slots of a part, where there are such, will be acquired soon, the first one first; what has to be fetched may be fetched meanwhile.
    func expect(_ slots: [StateSlot], of part: Int) throws
    /// Makes a slot present, on whatever device it is best updated.
    func acquire(_ slot: StateSlot, of part: Int) throws -> Tensor
    func release(_ slot: StateSlot, of part: Int, _ change: SlotChange) throws
}

extension StateStorage {
    package func expect(_ slots: [StateSlot], of part: Int) throws {}

    /// Does something with slots of a part, whose changes are told in `changes`.
    package func with<R>(
        _ changes: KeyValuePairs<StateSlot, SlotChange>, of part: Int, _ body: ([Tensor]) throws -> R
    ) throws -> R {
        var acquired: [Tensor] = []
        do {
            for (slot, _) in changes { acquired.append(try acquire(slot, of: part)) }
            let result = try body(acquired)
            while let last = changes.prefix(acquired.count).last {
                acquired.removeLast()
                try release(last.key, of: part, last.value)
            }
            return result
        } catch {
            // What was done by halves is as it is: the first error is the one to tell.
            for (slot, change) in changes.prefix(acquired.count) {
                try? release(slot, of: part, change == .unchanged ? .unchanged : .changed)
            }
            throw error
        }
    }

    /// Does something with one slot of a part.
    package func with<R>(
        _ slot: StateSlot, of part: Int, _ change: SlotChange = .unchanged, _ body: (Tensor) throws -> R
    ) throws -> R {
        try with([slot: change], of: part) { try body($0[0]) }
    }
}

/// Slots that stay in the memory of the device that computes.
package final class ResidentStorage: StateStorage {
    private struct Key: Hashable {
        let slot: StateSlot
        let part: Int
    }

    private let device: Device
    private var tensors: [Key: Tensor] = [:]

    package init(device: Device) { self.device = device }

    package var isResident: Bool { true }

    package func create(_ slot: StateSlot, of part: Int, from tensor: Tensor) throws {
        tensors[Key(slot: slot, part: part)] = try tensor.to(.float32, device: device)
    }

    package func create(_ slot: StateSlot, of part: Int, count: Int) throws {
        tensors[Key(slot: slot, part: part)] = try Tensor.zeros([count], device: device)
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
