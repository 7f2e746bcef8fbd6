import Torch

/// A part of a model that is trained: its weights to compute with, and the way of its gradients.
package final class TrainedPart {
    /// What all parts have in common.
    struct Surroundings {
        let dtype: DType
        let device: Device
        let storage: any StateStorage
        let sharding: Sharding
        let scratch: PartScratch
        let sums = GradientSums()
    }

    /// Its number, by which the storage knows it.
    package let index: Int
    package let layout: PartLayout
    package let weights: WorkingWeights
    private let surroundings: Surroundings
    private var storage: any StateStorage { surroundings.storage }
    private var sharding: Sharding { surroundings.sharding }
    /// Where the gradients of the pass at hand arrive.
    private var arriving: Tensor?
    /// Of the gradients so far, where looking at them again would mean fetching them.
    private var norms: Tensor?

    init(_ layout: PartLayout, index: Int, weights: WorkingWeights, _ surroundings: Surroundings) {
        (self.layout, self.index, self.weights, self.surroundings) = (layout, index, weights, surroundings)
    }

    /// Whether a pass adds to the gradients of the update itself.
    private var addsDirectly: Bool {
        surroundings.dtype == .float32 && storage.isResident && !sharding.sharesGradients
    }

    /// Whether a sum takes memory until it is done: one at a time may be under way.
    private var sumsTakeMemory: Bool { sharding.sharesGradients || !storage.isResident }

    /// Makes the weights present and room for their gradients: the part's backward pass comes next.
    package func beginGradient() throws {
        let leaves = try weights.acquire()
        if sumsTakeMemory { try surroundings.sums.settle(keeping: 1) }
        let count = sharding.paddedCount(layout.count)
        let memory =
            try addsDirectly ? storage.acquire(.gradient, of: index) : surroundings.scratch.take(count)
        arriving = memory
        if !addsDirectly {
            try memory.narrow(0, start: 0, length: count).zeroInPlace()
            try storage.expect([.gradient], of: index)
        }
        for (name, view) in try zip(layout.names, layout.views(of: memory)) {
            try leaves[name]?.setGradient(view.tensor)
        }
    }

    /// Hands on what the backward pass has left to the gradients of the update.
    ///
    /// - Parameter isLast: Whether it was the last pass of the update.
    package func endGradient(isLast: Bool = true) throws {
        guard let arriving else { return }
        try detachGradients()
        self.arriving = nil
        if sharding.sharesGradients { try sum(arriving) } else { try add(arriving, isLast: isLast) }
        weights.release()
    }

    /// Adds this process's piece of the sum over all, once that is there.
    private func sum(_ arrived: Tensor) throws {
        let scratch = surroundings.scratch
        let padded = try arrived.narrow(0, start: 0, length: sharding.paddedCount(layout.count))
        let isSummedThere = padded.dtype == .float32
        let whole = try padded.to(.float32)
        if !isSummedThere { scratch.giveBack(arrived) }
        guard let work = try sharding.beginSum(whole) else { return }
        surroundings.sums.note(work) { [self] in
            let own = try sharding.own(whole)
            try storage.with(.gradient, of: index, .changed) { try add(own, to: $0) }
            if isSummedThere { scratch.giveBack(arrived) }
        }
    }

    /// Adds the pass's gradients to those of this process, which are summed over all in the last pass.
    private func add(_ arrived: Tensor, isLast: Bool) throws {
        let gradient = try addsDirectly ? arrived : storage.acquire(.gradient, of: index)
        if !addsDirectly {
            let own = try arrived.narrow(0, start: 0, length: layout.count)
            try add(own, to: gradient.narrow(0, start: 0, length: layout.count))
            surroundings.scratch.giveBack(arrived)
        }
        guard isLast, let work = try sharding.beginSum(gradient) else {
            return try storage.release(.gradient, of: index, .changed)
        }
        surroundings.sums.note(work) { [self] in
            try note(normsOf: gradient)
            try storage.release(.gradient, of: index, .changed)
        }
    }

    private func add(_ values: Tensor, to gradient: Tensor) throws {
        try gradient.addInPlace(values.to(device: gradient.device))
        try note(normsOf: gradient)
    }

    private func note(normsOf gradient: Tensor) throws {
        if !storage.isResident { norms = try ownGradient(gradient).partialNorms() }
    }

    /// What this process updates by, of its gradients.
    func ownGradient(_ gradient: Tensor) throws -> Tensor {
        sharding.sharesGradients ? gradient : try sharding.own(gradient)
    }

    /// Forgets the gradients of all passes, of one that failed halfway too. Takes no memory, for that may be what has run out.
    package func discardGradients() throws {
        surroundings.sums.abandon()
        if let arriving {
            try detachGradients()
            if addsDirectly {
                try storage.release(.gradient, of: index, .changed)
            } else {
                surroundings.scratch.giveBack(arriving)
            }
            self.arriving = nil
        }
        weights.releaseAll()
        norms = nil
        try storage.with(.gradient, of: index, .cleared) { _ in }
    }

    /// Norms of which that of all gradients of this process is made.
    func gradientNorms() throws -> Tensor {
        try norms ?? storage.with(.gradient, of: index) { try ownGradient($0).partialNorms() }
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
