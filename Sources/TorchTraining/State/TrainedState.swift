package import Torch

/// Everything that training keeps of a model's parts, in slots that a storage has.
package final class TrainedState {
    package let parts: [TrainedPart]
    package let storage: any StateStorage
    /// Where the gradients of a pass arrive that cannot be added at once.
    package let scratch: GradientScratch

    /// Copies weights.
    ///
    /// - Parameters:
    ///   - dtype: What is computed in; the state is float32.
    ///   - storage: nil for the device's memory.
    ///   - sharesScratch: Whether the parts' backward passes come one after the other.
    ///   - keepsWeights: Whether a copy of the weights to compute with is kept where one is needed.
    ///   - releasePages: Called when a part has been copied, and need not be in memory any more.
    package init(
        _ parts: [(prefix: String, weights: [(name: String, tensor: Tensor)])], dtype: DType, device: Device,
        storage: (any StateStorage)? = nil, sharesScratch: Bool = false, keepsWeights: Bool = true,
        releasePages: () -> Void = {}
    ) throws {
        let storage = storage ?? ResidentStorage(device: device)
        let layouts = parts.map { part in
            PartLayout(prefix: part.prefix, part.weights.map { ($0.name, $0.tensor.shape) })
        }
        let scratch = GradientScratch(
            least: sharesScratch ? layouts.map(\.count).max() ?? 0 : 0, dtype: dtype, device: device)
        (self.storage, self.scratch) = (storage, scratch)
        self.parts = try zip(layouts, parts).enumerated().map { index, part in
            let (layout, (_, weights)) = part
            let flat = try weights.map { try $0.tensor.to(.float32, device: device).reshape([$0.tensor.elementCount]) }
            try storage.create(.master, of: index, from: cat(flat, axis: 0))
            releasePages()
            try storage.create(.gradient, of: index, count: layout.count)
            return try TrainedPart(
                layout, index: index, dtype: dtype, device: device, storage: storage, scratch: scratch,
                staysInMemory: keepsWeights)
        }
    }

    /// Forgets the gradients of all passes since the last update.
    package func discardGradients() throws { for part in parts { try part.discardGradients() } }

    /// Computes with what the masters hold now.
    package func refreshWeights() throws { for part in parts { try part.weights.refresh() } }

    /// The norm of all gradients, a scalar; not finite when a gradient is not.
    package func gradientNorm() throws -> Tensor {
        try jointNorm(parts.map { try $0.gradientNorms() })
    }

    /// A slot of a part, float32 `[count]`: the memory itself where it is resident.
    ///
    /// - Parameter owner: The process that gets it; all call this, in the same order.
    package func gathered(_ slot: StateSlot, of part: Int, at owner: Int = 0) throws -> Tensor? {
        try storage.with(slot, of: part) { try storage.isResident ? $0 : $0.clone() }
    }

    /// The weights' numbers in a slot of all parts, by the weights' keys.
    package func views(of slot: StateSlot) throws -> [(key: String, tensor: Tensor)] {
        try parts.flatMap { part in try gathered(slot, of: part.index).map(part.layout.views) ?? [] }
    }

    /// Puts numbers by the weights' keys, all of them, in a slot of a part.
    package func put(_ tensors: [String: Tensor], in slot: StateSlot, of part: Int) throws {
        let layout = parts[part].layout
        try storage.with(slot, of: part, .changed) { values in
            try withoutGradients {
                for (key, target) in try layout.views(of: values) {
                    if let source = tensors[key] { try target.copyInPlace(source) }
                }
            }
        }
        if slot == .master { try parts[part].weights.refresh() }
    }
}
