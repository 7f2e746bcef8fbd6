import Foundation
import Limits
import StableDiffusion3
import Torch

/// What there is to train with.
public struct MachineBudget: Equatable, Sendable {
    public var layout: TrainingLayout
    /// Bytes of each process's device; nil for the CPU, whose memory is the host's.
    public var deviceBytes: Int?
    /// Bytes of each host.
    public var hostBytes: Int
    /// Bytes that are free where `offload_to` is; nil for as many as it takes.
    public var diskBytes: Int?
    public var rates: MachineRates

    public init(
        layout: TrainingLayout, deviceBytes: Int?, hostBytes: Int, diskBytes: Int? = nil, rates: MachineRates
    ) {
        (self.layout, self.deviceBytes, self.hostBytes) = (layout, deviceBytes, hostBytes)
        (self.diskBytes, self.rates) = (diskBytes, rates)
    }
}

/// Finds the quickest setting of sharding, offload, recomputation and batch that a machine has memory for.
///
/// The pictures of an update stay the same, so every candidate trains the same model. Files are taken into account where `offload_to` names
/// a folder.
public struct TrainingPlanner: Sendable {
    /// One setting, and what it takes.
    public struct Candidate: Sendable {
        public let settings: TrainingSettings
        public let memory: TrainingMemory
        public let traffic: TrainingTraffic
        public let time: TrainingTime
        /// Bytes that a device, a host and its files lack; 0 where there is room.
        public let lacking: (device: Int, host: Int, disk: Int)

        public var fits: Bool { lacking == (0, 0, 0) }
        var lackingBytes: Int { lacking.device + lacking.host + lacking.disk }
    }

    public let budget: MachineBudget
    private let settings: TrainingSettings
    /// All that were compared: those that fit, the quickest first, then the others, the nearest first.
    public let candidates: [Candidate]
    /// The quickest that fits; of equally quick ones that which moves least.
    public var best: Candidate? { candidates.first.flatMap { $0.fits ? $0 : nil } }

    /// - Throws: What finding a model and reading its headers throws.
    public init(_ settings: TrainingSettings, budget: MachineBudget) throws {
        let model = try ModelFolder(settings.model.baseModelPath)
        try settings.checkResolution(for: model)
        self.init(settings, try TrainingShape(settings, model: model), budget: budget)
    }

    init(_ settings: TrainingSettings, _ shape: TrainingShape, budget: MachineBudget) {
        var settings = settings
        settings.training.processCount = budget.layout.processes
        (self.settings, self.budget) = (settings, budget)
        candidates = Self.variants(of: settings, layout: budget.layout)
            .map { Candidate($0, shape, budget) }
            .sorted { $0.isBefore($1) }
    }

    /// All settings of the same update.
    private static func variants(of settings: TrainingSettings, layout: TrainingLayout) -> [TrainingSettings] {
        let pictures = settings.training.trainBatchSize * settings.training.gradientAccumulationSteps
        let batches = (1...max(1, min(pictures, largestBatch))).filter { pictures.isMultiple(of: $0) }
        let shardings = layout.processes > 1 ? TrainingSettings.Sharding.allCases : [.none]
        let places = ["host"] + (settings.compute.offloadTo == "host" ? [] : [settings.compute.offloadTo])
        var variants: [TrainingSettings] = []
        for sharding in shardings {
            for offload in TrainingSettings.Offload.allCases {
                for place in offload == .none ? ["host"] : places {
                    for recomputes in [false, true] {
                        for batch in batches {
                            var variant = settings
                            variant.compute.sharding = sharding
                            (variant.compute.offload, variant.compute.offloadTo) = (offload, place)
                            variant.compute.gradientCheckpointing = recomputes
                            variant.training.trainBatchSize = batch
                            variant.training.gradientAccumulationSteps = pictures / batch
                            variants.append(variant)
                        }
                    }
                }
            }
        }
        return variants
    }

    private static let largestBatch = 1024

    /// Throws `MemoryError` where nothing fits: what the nearest setting lacks, and what would fit.
    package func requireFit() throws {
        guard let nearest = candidates.first, let reason = nearest.reason else { return }
        let remedies = alternatives.filter { alternative in
            (try? TrainingPlanner(alternative.settings, budget: budget))?.best != nil
        }.map(\.option)
        let remedy =
            remedies.isEmpty
            ? "take a smaller --resolution, larger machines or more --processes"
            : "what would fit is " + remedies.joined(separator: ", or ")
        throw MemoryError(description: "nothing fits: with \(nearest.options) \(reason); \(remedy)")
    }

    /// Other runs that take less.
    private var alternatives: [(option: String, settings: TrainingSettings)] {
        func changed(_ option: String, _ change: (inout TrainingSettings) -> Void) -> (String, TrainingSettings) {
            var settings = settings
            change(&settings)
            return (option, settings)
        }
        let files = changed("--offload-to FOLDER, on a fast disk") { $0.compute.offloadTo = "FOLDER" }
        let folded = changed("--trainable folded") { $0.model.trainable = .folded }
        let lora = changed("--trainable lora") { $0.model.trainable = .lora }
        return (settings.compute.offloadTo == "host" ? [files] : [])
            + (settings.model.trainable == .all ? [folded] : []) + (settings.model.trainable == .lora ? [] : [lora])
    }
}

extension TrainingPlanner.Candidate {
    init(_ settings: TrainingSettings, _ shape: TrainingShape, _ budget: MachineBudget) {
        let isOnHost = budget.deviceBytes == nil
        self.settings = settings
        memory = TrainingMemory(settings, shape, layout: budget.layout, device: isOnHost ? .cpu : .cuda)
        traffic = TrainingTraffic(settings, shape, layout: budget.layout, isOnHost: isOnHost)
        time = TrainingTime(
            flops: shape.updateFLOPs(settings), traffic, settings,
            layout: budget.layout, rates: budget.rates, isOnHost: isOnHost)
        lacking = (
            max(0, memory.total - (budget.deviceBytes ?? .max)), max(0, memory.bytesPerHost - budget.hostBytes),
            max(0, memory.diskBytesPerHost - (budget.diskBytes ?? .max))
        )
    }

    func isBefore(_ other: Self) -> Bool {
        guard fits, other.fits else { return lackingBytes < other.lackingBytes }
        return rank.lexicographicallyPrecedes(other.rank)
    }

    /// Times that a hundredth tells apart are the same; then what moves less, then what has fewer passes is preferred.
    private var rank: [Double] {
        [
            (log(time.total) * 100).rounded(), traffic.wireBytes + traffic.linkBytes + traffic.diskBytes,
            Double(settings.training.gradientAccumulationSteps), Double(memory.total),
        ]
    }
}
