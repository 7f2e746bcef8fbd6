/// Bytes that a process moves for one update, besides those of its device's own memory.
public struct TrainingTraffic: Equatable, Sendable {
    /// Sent to other processes.
    public let wireBytes: Double
    /// Copied between an accelerator and its host.
    public let linkBytes: Double
    /// Read from files and written to them.
    public let diskBytes: Double
    /// Read and written by AdamW where the state is.
    let optimizerBytes: Double

    init(_ settings: TrainingSettings, _ shape: TrainingShape, layout: TrainingLayout, isOnHost: Bool) {
        let (sharding, offload) = (settings.compute.sharding, settings.compute.offload)
        let size = settings.model.dataType == .fp32 ? 4.0 : 2
        let passes = Double(settings.training.gradientAccumulationSteps)
        let all = Double(shape.trained)
        let isSharded = layout.processes > 1 && sharding != .none
        let own = isSharded ? Double(layout.share(of: shape.trained)) : all
        // Weights are gathered for the walk there and for the walk back.
        let walks = 2 * passes
        // Of a ring each process sends so much of a tensor to scatter a sum, and again to gather it.
        let ring = layout.wireShare * all
        // Gloo has no reduce-scatter; it is an all-reduce there.
        let scatter = isOnHost ? 8.0 : 4
        wireBytes =
            switch sharding {
            case .none: 8 * ring
            case .optimizer: (scatter + size) * ring
            case .gradients: (scatter * passes + size) * ring
            case .full: (scatter * passes + size * walks) * ring
            }
        let toFiles = offload != .none && settings.compute.offloadTo != "host"
        let sharesGradients = isSharded && (sharding == .gradients || sharding == .full)
        let isTransient = offload == .all || (isSharded && sharding == .full)
        // Gradients go down after each pass, weights come up after an update or for each walk.
        linkBytes =
            offload == .none || isOnHost
            ? 0 : (sharesGradients ? 4 * own : size * all) * passes + size * own * (isTransient ? walks : 1)
        // AdamW reads weights, gradients and two moments, and writes all but the gradients.
        optimizerBytes = 4 * 7 * own
        let average = settings.training.emaDecay == nil ? 0.0 : 2
        let gradients = 2 * passes * (sharesGradients ? own : all)
        diskBytes = toFiles ? 4 * (own * (6 + average + (isTransient ? walks : 0)) + gradients) : 0
    }
}

/// What a machine does in a second; where a plan is for one that is not at hand, what is assumed of it.
public struct MachineRates: Equatable, Sendable {
    /// Floating-point operations of a device; on the CPU, of a host.
    public var arithmetic: Double
    /// Bytes that a process sends to another, on the same host and on another one.
    public var wire: Double
    public var wireBetweenHosts: Double
    /// Bytes between a device and its host.
    public var link: Double
    /// Bytes to and from the files of a host.
    public var disk: Double
    /// Bytes to and from a device's memory, and that of a host.
    public var deviceMemory: Double
    public var hostMemory: Double

    /// A card such as NVIDIA's L4, half of whose peak is reached: 60 TFLOP/s in half precision, 15 in float32, PCI Express 4, a network of
    /// 25 Gbit/s, one NVMe disk.
    public static func accelerator(isHalf: Bool) -> MachineRates {
        MachineRates(
            arithmetic: isHalf ? 60e12 : 15e12, wire: 10e9, wireBetweenHosts: 2.5e9, link: 20e9, disk: 2e9,
            deviceMemory: 250e9, hostMemory: 40e9)
    }

    /// A machine of a few cores, whose processes are connected by Gloo.
    public static let processor = MachineRates(
        arithmetic: 0.12e12, wire: 1e9, wireBetweenHosts: 1e9, link: 10e9, disk: 1e9, deviceMemory: 10e9,
        hostMemory: 10e9)
}

/// The least seconds of an update, as a roofline: what the walk over the blocks does at once takes as long as the slowest of it, and the
/// optimizer's step comes after it.
public struct TrainingTime: Equatable, Sendable {
    public let arithmetic: Double
    public let wire: Double
    public let link: Double
    public let disk: Double
    public let optimizer: Double

    public var total: Double { max(arithmetic, wire, link, disk) + optimizer }

    init(
        flops: Double, _ traffic: TrainingTraffic, _ settings: TrainingSettings, layout: TrainingLayout,
        rates: MachineRates, isOnHost: Bool
    ) {
        let onHost = Double(layout.processesPerHost)
        // Processes on the CPU share its cores.
        arithmetic = flops / rates.arithmetic / Double(isOnHost ? layout.hosts : layout.processes)
        // In a ring a host's network carries what one process sends.
        wire = traffic.wireBytes / (layout.hosts > 1 ? min(rates.wire, rates.wireBetweenHosts) : rates.wire)
        link = traffic.linkBytes / rates.link
        disk = traffic.diskBytes * onHost / rates.disk
        let isAway = isOnHost || settings.compute.offload != .none
        optimizer = traffic.optimizerBytes / (isAway ? rates.hostMemory / onHost : rates.deviceMemory)
    }
}
