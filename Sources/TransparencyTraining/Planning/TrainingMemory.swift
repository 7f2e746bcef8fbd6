import Limits
import StableDiffusion3
import Torch
import TransparencySegmentation

/// What an update takes in memory of each process, worked out from the model's shape alone.
///
/// The lasting part is exact. That of the work is so many tensors of the VAE's first resolution, and so many of the transformer's tokens for a
/// block that is recorded; how many was found by measuring small models, and `Docs/training.md` holds it against measured peaks.
public struct TrainingMemory: Sendable {
    /// Bytes on a process's device by part.
    public let parts: [(name: String, bytes: Int)]
    /// Bytes of a process on its host, besides ``parts`` where the device is the host.
    public let hostParts: [(name: String, bytes: Int)]
    /// Bytes of a process in files, while it trains.
    public let diskBytes: Int
    /// Numbers that are trained.
    public let trainedCount: Int
    /// Whether the device's memory is the host's.
    public let isOnHost: Bool
    private let processesPerHost: Int

    /// What the program and libtorch take themselves, of each process on the CPU.
    public static let programBytes = 180 << 20
    /// What they take on the host with CUDA's libraries, which is an assumption.
    static let acceleratedProgramBytes = 2 << 30
    /// What CUDA's context, cuBLAS' workspaces and cuDNN take on a device, an assumption from reading.
    static let contextBytes = 700 << 20
    /// What NCCL takes on a device for its channels, an assumption.
    static let channelBytes = 300 << 20

    /// On a device.
    public var total: Int { parts.map(\.bytes).reduce(0, +) }
    /// Of a process on its host.
    public var hostBytes: Int { hostParts.map(\.bytes).reduce(0, +) }
    /// Of all processes of a host.
    public var bytesPerHost: Int { processesPerHost * (hostBytes + (isOnHost ? total : 0)) }
    /// Files of all processes of a host.
    public var diskBytesPerHost: Int { processesPerHost * diskBytes }

    /// - Throws: What finding a model and reading its headers throws.
    init(_ settings: TrainingSettings, model: ModelFolder, layout: TrainingLayout = TrainingLayout()) throws {
        // A plan may be for another machine: a device that is named need not be here.
        let device = try settings.compute.device ?? .usable(nil)
        self.init(settings, try TrainingShape(settings, model: model), layout: layout, device: device)
    }

    init(_ settings: TrainingSettings, _ shape: TrainingShape, layout: TrainingLayout, device: Device) {
        isOnHost = device.kind == .cpu
        trainedCount = shape.trained
        processesPerHost = layout.processesPerHost
        let state = TrainingStateBytes(settings, shape, layout: layout, isOnHost: isOnHost)
        diskBytes = state.disk
        let work = TrainingWorkBytes(settings, shape, isOnHost: isOnHost)
        let isShared = layout.processes > 1
        let own = isOnHost ? [] : [("CUDA's context and libraries", Self.contextBytes)]
        let channels = !isOnHost && isShared ? [("NCCL's channels", Self.channelBytes)] : []
        parts = (state.device + work.device + own + channels).filter { $0.1 > 0 }
        hostParts =
            (state.host + work.host + [
                ("the program itself", isOnHost ? Self.programBytes : Self.acceleratedProgramBytes)
            ]).filter { $0.1 > 0 }
    }

    /// Throws `MemoryError` where an update cannot be done on this machine.
    func check() throws {
        try MachineMemory.check(
            isOnHost ? total + hostBytes : hostBytes, for: "an update",
            remedy: "take a smaller resolution or train_batch_size; 'transeg train --dry-run' shows what takes how much"
        )
    }
}
