import CTorch

/// A collective that has begun. Nothing may touch its tensors before ``wait()``.
package final class CollectiveWork {
    private let raw: ct_work
    private let group: ProcessGroup
    private let operation: String
    /// Kept until the other ranks have them.
    private let tensors: [Tensor]
    private let start: UInt64

    /// - Parameter start: ``Trace/begin`` before the collective began, for a small one has ended when the call that begins it returns.
    init(_ raw: ct_work, _ operation: String, group: ProcessGroup, tensors: [Tensor], start: UInt64) {
        self.raw = raw
        self.group = group
        self.operation = operation
        self.tensors = tensors
        self.start = start
    }

    /// Waits until the result can be used: a tensor of the CPU's is there, work queued on an accelerator follows it.
    ///
    /// Throws ``TorchError`` of kind `collective` when another rank ended, hangs or cannot be reached, after the group's timeout at
    /// the latest. The group is of no use then.
    package func wait() throws {
        try group.requireWhole()
        let status = ct_work_wait(raw)
        if status != CT_OK { throw group.failure(operation, tensors) }
        let bytes = tensors.map { $0.elementCount * $0.dtype.byteCount }.max() ?? 0
        Trace.note(
            "\(operation) \(bytes) B", on: .collectives, since: start, until: UInt64(ct_work_ended(raw)))
    }

    deinit { ct_work_free(raw) }
}
