import CTorch
import Foundation
import Synchronization

/// This process's place among several that compute together, by libtorch's c10d: Gloo between hosts' memories, NCCL between CUDA devices.
///
/// Every rank must call the same collectives in the same order, with tensors of the same sizes. Tensors must be contiguous. One that
/// fails throws ``TorchError`` of kind `collective`, and the group is of no use any more: end the process.
///
/// nil, where an optional group is asked for, is one process alone.
package final class ProcessGroup: Sendable {
    /// This process's number, from 0.
    package let rank: Int
    /// How many processes there are.
    package let size: Int
    /// How long a collective may wait for the other ranks.
    package let timeout: Duration

    /// Long enough for a rank that writes a checkpoint to a slow disk, short enough not to pay for a hanging job all night.
    package static let defaultTimeout = Duration.seconds(600)

    private let store: ProcessGroupStore
    private let watch: PeerWatch?
    /// What all processes of one launch see, those too that torchrun starts anew; nil without a launch.
    package let launchStore: ProcessGroupStore?
    private let joint = Atomic(false)
    /// What the first collective that failed said. The group is of no use then, and whatever else is asked of it fails at once: each further
    /// one would wait, and ask for who is missing, again.
    private let lost = Mutex<TorchError?>(nil)
    /// The group's handle, as a number, for pointers are not `Sendable`. Whoever has it may begin a collective.
    private let handle: Mutex<UInt>

    /// Joins the processes of a launch and returns when all have.
    ///
    /// - Parameter device: Where the tensors of this rank are. Those on the CPU can be sent in any case.
    package convenience init(
        _ environment: LaunchEnvironment, device: Device = .cpu, timeout: Duration = defaultTimeout
    ) throws {
        let place = "\(environment.masterAddress):\(environment.masterPort)"
        let (store, launchStore): (ProcessGroupStore, ProcessGroupStore)
        do {
            let whole = try ProcessGroupStore.tcp(
                host: environment.masterAddress, port: environment.masterPort,
                serves: environment.rank == 0 && !environment.agentServesStore, timeout: timeout)
            store = try whole.prefixed(environment.storePrefix)
            launchStore = try whole.clone().prefixed("transeg/\(environment.runID)")
        } catch let error as TorchError {
            throw TorchError(
                kind: .collective, operation: "joining \(place)", operands: [],
                message: "rank \(environment.rank) of \(environment.worldSize) could not reach it within "
                    + "\(Self.text(timeout)): \(error.message)")
        }
        try self.init(
            store, rank: environment.rank, size: environment.worldSize, device: device, timeout: timeout,
            launchStore: launchStore)
    }

    /// Whether the error at hand is one on all ranks, which can still do something together, rather than one that they do not know of.
    package var hasFailedTogether: Bool { joint.load(ordering: .relaxed) }

    func setFailedTogether(_ value: Bool) { joint.store(value, ordering: .relaxed) }

    /// Joins the others that do so by the same store, under different ranks.
    package init(
        _ store: ProcessGroupStore, rank: Int, size: Int, device: Device = .cpu,
        timeout: Duration = defaultTimeout, launchStore: ProcessGroupStore? = nil
    ) throws {
        self.rank = rank
        self.launchStore = launchStore
        self.size = size
        self.timeout = timeout
        watch = size > 1 ? try PeerWatch(store, rank: rank, size: size) : nil
        try Self.meet(store, rank: rank, size: size, timeout: timeout)
        var group = ct_process_group()
        let status = ct_process_group_join(
            store.raw, Int32(rank), Int32(size), device.raw, timeout.seconds, &group)
        guard status == CT_OK else {
            throw TorchError(
                kind: .collective, operation: "joining", operands: [],
                message: "rank \(rank) of \(size) on \(device): \(Self.reason())")
        }
        self.store = store
        handle = Mutex(UInt(bitPattern: group.impl))
        // Who leaves as soon as it is connected itself would close connections under others that are still connecting to each other.
        if size > 1 { _ = try allReduce([0]) }
    }

    deinit {
        handle.withLock { ct_process_group_free(ct_process_group(impl: UnsafeMutableRawPointer(bitPattern: $0))) }
    }

    /// Waits until every rank is there, so that one which is missing can be named.
    private static func meet(_ store: ProcessGroupStore, rank: Int, size: Int, timeout: Duration) throws {
        do {
            try store.set("joined/\(rank)", "")
            if try store.add(1, to: "joined") == size { try store.set("complete", "") }
            try store.setTimeout(timeout)
            _ = try store.get("complete")
        } catch let error as TorchError {
            let missing = (0..<size).filter { (try? store.has("joined/\($0)")) == false }.map(String.init)
            throw TorchError(
                kind: .collective, operation: "joining", operands: [],
                message: "rank \(rank) of \(size) waited \(text(timeout)) for "
                    + (missing.isEmpty
                        ? "the others: \(error.message)" : "rank \(missing.prefix(8).joined(separator: ", "))"))
        }
    }

    /// What went wrong with a collective on this thread. Takes some seconds, to find out who is missing.
    func failure(_ operation: String, _ tensors: [Tensor]) -> TorchError {
        let reason = Self.reason()
        let error = TorchError(
            kind: .collective, operation: operation, operands: tensors.map { "\($0.dtype) \($0.shape)" },
            message: "rank \(rank) of \(size), which waits up to \(Self.text(timeout)) for the others: \(reason)"
                + (watch.map { "; \($0.report())" } ?? ""))
        lost.withLock { $0 = $0 ?? error }
        return error
    }

    /// Throws what ended the group, if something did.
    func requireWhole() throws { if let error = lost.withLock({ $0 }) { throw error } }

    /// libtorch's text without the place in Gloo's sources before it.
    private static func reason() -> String {
        let text = String(cString: ct_last_error())
        let line = text.split(separator: "\n").first.map(String.init) ?? text
        return line.replacing(#/^\[[^\]]*\] /#, with: "").replacing(#/\. This is typically caused by.*/#, with: "")
    }

    static func text(_ duration: Duration) -> String { "\(Int(duration.seconds.rounded(.up))) s" }

    /// Begins one collective.
    func begin(
        _ name: String, _ tensors: [Tensor],
        _ call: (ct_process_group, UnsafeMutablePointer<ct_work>) -> ct_status
    ) throws -> CollectiveWork {
        setFailedTogether(false)
        try requireWhole()
        for tensor in tensors where !tensor.isContiguous {
            throw TorchError(
                kind: .operation, operation: name, operands: tensors.map { "\($0.dtype) \($0.shape)" },
                message: "tensors of a collective must be contiguous")
        }
        let start = Trace.begin
        var work = ct_work()
        let status = handle.withLock {
            call(ct_process_group(impl: UnsafeMutableRawPointer(bitPattern: $0)), &work)
        }
        if status != CT_OK { throw failure(name, tensors) }
        return CollectiveWork(work, name, group: self, tensors: tensors, start: start)
    }
}
