package import Torch

/// The trained weights of one part of a model, one after the other in one tensor, with their gradients in another.
///
/// So an optimizer, a norm, a file and a collective see one large tensor for each part. The weights that the part computes with are views:
/// of the float32 masters themselves, or of a copy in a smaller dtype that ``refresh()`` renews after an update.
package final class ParameterBuffer {
    /// The beginning of the keys of all of its weights, such as `transformer_blocks.3.`; may be empty.
    package let prefix: String
    /// Keys without the prefix, in the order of the buffer.
    package let names: [String]
    package let shapes: [[Int]]
    /// The weights, float32 `[count]`.
    package let master: Tensor
    /// What has been accumulated, float32 `[count]`.
    package let gradient: Tensor
    /// What is computed with: `master`, or its copy.
    private let working: Tensor
    /// Where the gradients of the backward pass at hand arrive, in the dtype of `working`; nil between passes and in float32.
    private var workingGradient: Tensor?
    /// That memory where no scratch is given: it stays for the next pass.
    private var ownGradient: Tensor?

    /// The weights by their names, as leaves whose gradients arrive in this buffer.
    package let leaves: [String: Tensor]

    /// Copies weights.
    ///
    /// - Parameter dtype: What is computed in.
    package init(prefix: String, _ weights: [(name: String, tensor: Tensor)], dtype: DType, device: Device) throws {
        self.prefix = prefix
        names = weights.map(\.name)
        shapes = weights.map(\.tensor.shape)
        let flat = try weights.map { try $0.tensor.to(.float32, device: device).reshape([$0.tensor.elementCount]) }
        master = try cat(flat, axis: 0)
        gradient = try Tensor.zeros([master.size(0)], device: device)
        working = dtype == .float32 ? master : try master.to(dtype)
        var (leaves, start) = ([String: Tensor](), 0)
        for (name, shape) in zip(names, shapes) {
            let count = shape.reduce(1, *)
            let leaf = try working.narrow(0, start: start, length: count).reshape(shape).detached()
            try leaf.setRequiresGradient()
            if dtype == .float32 {
                try leaf.setGradient(gradient.narrow(0, start: start, length: count).reshape(shape))
            }
            leaves[name] = leaf
            start += count
        }
        self.leaves = leaves
    }

    /// How many weights there are.
    package var count: Int { master.size(0) }

    private var computesInMaster: Bool { working.dtype == .float32 }

    /// Memory for the gradients of one backward pass, which buffers that are no larger can share; nil in float32, which needs none.
    package func makeGradientScratch() throws -> Tensor? {
        computesInMaster ? nil : try Tensor.empty([count], dtype: working.dtype, device: working.device)
    }

    /// Makes room for the gradients of the backward pass that comes next, until ``accumulate()``. Nothing to do in float32, where they arrive in
    /// ``gradient``.
    ///
    /// - Parameter scratch: Memory that other buffers have before and after (``makeGradientScratch()``); nil for memory of its own.
    package func beginGradient(in scratch: Tensor? = nil) throws {
        guard !computesInMaster else { return }
        if scratch == nil, ownGradient == nil { ownGradient = try makeGradientScratch() }
        guard let memory = try scratch?.narrow(0, start: 0, length: count) ?? ownGradient else { return }
        try memory.zeroInPlace()
        for (name, view) in try zip(names, views(of: memory)) { try leaves[name]?.setGradient(view.tensor) }
        workingGradient = memory
    }

    /// Adds the last backward pass's gradients to ``gradient``. Nothing to do in float32, where they arrive there.
    package func accumulate() throws {
        guard let workingGradient else { return }
        try gradient.addInPlace(workingGradient.to(.float32))
        for leaf in leaves.values { try leaf.clearGradient() }
        self.workingGradient = nil
    }

    /// Forgets the gradients of all passes, of one that failed halfway too. Takes no memory, for that may be what has run out.
    package func discardGradients() throws {
        if workingGradient != nil {
            for leaf in leaves.values { try leaf.clearGradient() }
            workingGradient = nil
        }
        try gradient.zeroInPlace()
    }

    /// Computes with what ``master`` holds now.
    package func refresh() throws {
        if !computesInMaster { try withoutGradients { try working.copyInPlace(master) } }
    }

    /// The parts of a tensor that is laid out as ``master`` is, such as ``master`` itself, by the weights' whole keys; views of its memory.
    package func views(of tensor: Tensor) throws -> [(key: String, tensor: Tensor)] {
        var start = 0
        return try zip(names, shapes).map { name, shape in
            let count = shape.reduce(1, *)
            defer { start += count }
            return (prefix + name, try tensor.narrow(0, start: start, length: count).reshape(shape))
        }
    }
}
