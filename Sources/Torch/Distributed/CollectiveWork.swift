import CTorch

/// A collective that has begun. Nothing may touch its tensors before ``wait()``.
package final class CollectiveWork {
    private let raw: ct_work
    private let group: ProcessGroup
    private let operation: CollectiveOperation
    /// Kept until the other ranks have them.
    private let tensors: [Tensor]
    private let start: UInt64

    init(_ raw: ct_work, _ operation: CollectiveOperation, group: ProcessGroup, tensors: [Tensor]) {
        self.raw = raw
        self.group = group
        self.operation = operation
        self.tensors = tensors
        start = Trace.begin
    }

    /// Waits until the result can be used: a tensor of the CPU's is there, work queued on an accelerator follows it.
    ///
    /// Throws ``TorchError`` of kind `collective` when another rank ended, hangs or cannot be reached, after the group's timeout at
    /// the latest. The group is of no use then.
    package func wait() throws {
        let status = ct_work_wait(raw)
        if status != CT_OK { throw group.failure(operation, tensors) }
        let bytes = tensors.map { $0.elementCount * $0.dtype.byteCount }.max() ?? 0
        Trace.note(
            "\(operation.name) \(bytes) B", on: .collectives, since: start, until: UInt64(ct_work_ended(raw)))
    }

    deinit { ct_work_free(raw) }
}

/// One collective, as an error names it.
struct CollectiveOperation {
    let name: String
}
