import CTorch

extension Tensor {
    /// Whether operations on this tensor are recorded for ``backward()``.
    package var requiresGradient: Bool { ct_requires_gradient(raw) }

    /// Starts or stops recording. Throws for dtypes without gradients and for results of recorded operations.
    package func setRequiresGradient(_ required: Bool = true) throws {
        try check(ct_set_requires_gradient(raw, required), "requires_grad_", [self])
    }

    /// Adds the gradient of this one-element tensor to every leaf that requires one.
    package func backward() throws {
        try check(ct_backward(raw), "backward", [self])
    }

    /// Where ``backward()`` is to add this leaf's gradient: memory of the leaf's dtype, device and shape.
    package func setGradient(_ gradient: Tensor) throws {
        try check(ct_set_gradient(raw, gradient.raw), "set grad", [self, gradient])
    }

    /// What ``backward()`` left on a leaf; nil before the first. Shares memory with the leaf's own.
    package func gradient() throws -> Tensor? {
        var out = ct_tensor()
        try check(ct_gradient(raw, &out), "grad", [self])
        return out.impl == nil ? nil : Tensor(owning: out)
    }

    /// Forgets the gradient, so that the next ``backward()`` starts from nothing.
    package func clearGradient() throws {
        try check(ct_clear_gradient(raw), "clear grad", [self])
    }

    /// The same memory without its history.
    package func detached() throws -> Tensor {
        try makeTensor("detach", [self]) { ct_detach(raw, $0) }
    }
}

/// As ``Tensor/backward()`` from several tensors at once, given the gradient of each.
package func backward(from tensors: [Tensor], gradients: [Tensor]) throws {
    precondition(tensors.count == gradients.count, "each tensor needs its gradient")
    try check(
        ct_backward_from(tensors.map(\.raw), gradients.map(\.raw), Int32(tensors.count)), "backward",
        tensors + gradients)
}

/// Runs `body` without recording operations for gradients on this thread.
package func withoutGradients<R>(_ body: () throws -> R) rethrows -> R {
    try withGradientMode(false, body)
}

/// Runs `body` recording operations for gradients on this thread, also inside ``withoutGradients(_:)``.
package func withGradients<R>(_ body: () throws -> R) rethrows -> R {
    try withGradientMode(true, body)
}

/// libtorch keeps the mode per thread, so `body` must not suspend: hence no async form.
private func withGradientMode<R>(_ enabled: Bool, _ body: () throws -> R) rethrows -> R {
    let previous = ct_gradient_mode()
    ct_set_gradient_mode(enabled)
    defer { ct_set_gradient_mode(previous) }
    return try body()
}
