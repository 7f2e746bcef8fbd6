import Torch

/// A part of a model that is trained: its weights to compute with, and the way of its gradients.
package final class TrainedPart {
    /// Its number, by which the storage knows it.
    package let index: Int
    package let layout: PartLayout
    package let weights: WorkingWeights
    private let storage: any StateStorage
    private let scratch: GradientScratch
    /// Whether a pass adds to the gradients of the update itself.
    private let addsDirectly: Bool
    /// Where the gradients of the pass at hand arrive.
    private var arriving: Tensor?
    /// Of the gradients so far, where looking at them again would mean fetching them.
    private var norms: Tensor?

    init(
        _ layout: PartLayout, index: Int, dtype: DType, device: Device, storage: any StateStorage,
        scratch: GradientScratch, staysInMemory: Bool
    ) throws {
        (self.layout, self.index, self.storage, self.scratch) = (layout, index, storage, scratch)
        addsDirectly = dtype == .float32 && storage.isResident
        weights = try WorkingWeights(
            layout, part: index, dtype: dtype, device: device, storage: storage, staysInMemory: staysInMemory)
    }

    /// Makes the weights present and room for their gradients: the part's backward pass comes next.
    package func beginGradient() throws {
        let leaves = try weights.acquire()
        let memory =
            try addsDirectly ? storage.acquire(.gradient, of: index) : scratch.take(layout.count)
        arriving = memory
        if !addsDirectly { try storage.expect([.gradient], of: index) }
        for (name, view) in try zip(layout.names, layout.views(of: memory)) {
            try leaves[name]?.setGradient(view.tensor)
        }
    }

    /// Adds what the backward pass has left to the gradients of the update.
    package func endGradient() throws {
        guard let arriving else { return }
        try detachGradients()
        if addsDirectly {
            try storage.release(.gradient, of: index, .changed)
        } else {
            let own = try arriving.narrow(0, start: 0, length: layout.count)
            try storage.with(.gradient, of: index, .changed) { gradient in
                try gradient.addInPlace(own.to(device: gradient.device))
                if !storage.isResident { norms = try gradient.partialNorms() }
            }
            scratch.giveBack(arriving)
        }
        self.arriving = nil
        weights.release()
    }

    /// Forgets the gradients of all passes, of one that failed halfway too. Takes no memory, for that may be what has run out.
    package func discardGradients() throws {
        if let arriving {
            try detachGradients()
            if addsDirectly { try storage.release(.gradient, of: index, .changed) } else { scratch.giveBack(arriving) }
            self.arriving = nil
        }
        weights.releaseAll()
        norms = nil
        try storage.with(.gradient, of: index, .cleared) { _ in }
    }

    /// Norms of which that of all gradients is made.
    func gradientNorms() throws -> Tensor {
        try norms ?? storage.with(.gradient, of: index) { try $0.partialNorms() }
    }

    /// The gradients have been used up.
    func didUpdate() throws {
        norms = nil
        try weights.refresh()
    }

    private func detachGradients() throws {
        for leaf in try weights.acquire().values { try leaf.clearGradient() }
        weights.release()
    }
}
