import Limits
import StableDiffusion3
import TestSupport
import Testing
import Torch

@testable import TransparencyTraining

@Suite struct TrainingPlannerTests {
    private var settings: TrainingSettings {
        var settings = TrainingSettings()
        settings.model.baseModelPath = "\(goldens)/tiny-0"
        settings.dataset.resolution = 64
        (settings.training.trainBatchSize, settings.training.gradientAccumulationSteps) = (2, 2)
        settings.dataset.dataloaderNumWorkers = 1
        return settings
    }

    private func budget(
        processes: Int = 1, device: Int? = 1 << 40, host: Int = 1 << 45, disk: Int? = nil
    ) -> MachineBudget {
        MachineBudget(
            layout: TrainingLayout(processes: processes), deviceBytes: device, hostBytes: host, diskBytes: disk,
            rates: .accelerator(isHalf: true))
    }

    private func planned(
        _ sharding: TrainingSettings.Sharding, _ offload: TrainingSettings.Offload = .none, to place: String = "host",
        processes: Int = 4, passes: Int = 2, dataType: TrainingSettings.DataType = .bf16, device: Device = .cuda
    ) throws -> (memory: TrainingMemory, traffic: TrainingTraffic, shape: TrainingShape) {
        var settings = settings
        (settings.compute.sharding, settings.compute.offload, settings.compute.offloadTo) = (sharding, offload, place)
        (settings.model.dataType, settings.training.gradientAccumulationSteps) = (dataType, passes)
        let shape = try TrainingShape(settings, model: ModelFolder(settings.model.baseModelPath))
        let layout = TrainingLayout(processes: processes)
        return (
            TrainingMemory(settings, shape, layout: layout, device: device),
            TrainingTraffic(settings, shape, layout: layout, isOnHost: device.kind == .cpu), shape
        )
    }

    private static let gibibyte = 1_073_741_824
    /// What people write, and how many bytes that is; nil for what is no size.
    private static let sizes: [(String, Int?)] = {
        var sizes: [(String, Int?)] = ["24GiB", "24g", "24 G", "24Gi"].map { ($0, 24 * gibibyte) }
        sizes.append(("24GB", 24_000_000_000))
        sizes.append(("1.5tib", 1536 * gibibyte))
        sizes.append(("900MiB", 900 * 1_048_576))
        sizes.append(("2048k", 2 * 1_048_576))
        let others = [
            "24", "24 apples", "-1GiB", "1e3GiB", "", "GiB", "0GiB", "3.4.5G", "9999999PiB", "nanG", "1000KiB", "5GiBs",
        ]
        return sizes + others.map { ($0, nil) }
    }()

    @Test(arguments: sizes)
    func sizesAreReadAsPeopleWriteThem(_ text: String, _ bytes: Int?) {
        #expect(MemorySize(text)?.bytes == bytes)
    }

    /// With several processes shards of the optimizer can be quicker, whatever memory there is.
    @Test func plentyOfMemoryNeedsNothing() throws {
        let best = try #require(TrainingPlanner(settings, budget: budget()).best)
        #expect(best.settings.compute.sharding == .none && best.settings.compute.offload == .none)
        #expect(best.settings.training.effectiveBatchSize == 4)
    }

    /// Whatever there is, what is chosen fits, has the same update, and nothing that fits is quicker by more than what counts as the same.
    @Test(arguments: [1, 2, 4], [0, 0.3, 0.6, 1.0])
    func theChoiceIsTheQuickestThatFits(_ processes: Int, _ share: Double) throws {
        let totals = try TrainingPlanner(settings, budget: budget(processes: processes)).candidates.map(\.memory.total)
        let (least, largest) = try (#require(totals.min()), #require(totals.max()))
        let bytes = least + Int(share * Double(largest - least))
        let budget = budget(processes: processes, device: bytes)
        let planner = try TrainingPlanner(settings, budget: budget)
        let best = try #require(planner.best)
        #expect(best.memory.total <= bytes)
        #expect(best.settings.training.effectiveBatchSize == 4 * processes)
        for other in planner.candidates where other.fits { #expect(best.time.total <= other.time.total * 1.02) }
        for other in planner.candidates where !other.fits {
            #expect(other.reason?.contains("the device lacks") == true)
        }
    }

    /// ZeRO's table, with float32 sums.
    @Test func shardsTakeAndSendWhatTheFormulasSay() throws {
        let count = try planned(.none).shape.trained
        let share = (count + 3) / 4
        func state(_ sharding: TrainingSettings.Sharding) throws -> Int {
            let names: Set = ["trained weights, float32", "gradients, float32", "AdamW's moments, float32"]
            return try planned(sharding).memory.parts.filter { names.contains($0.name) }.map(\.bytes).reduce(0, +)
        }
        #expect(try state(.none) == 16 * count)
        #expect(try state(.optimizer) == 12 * share + 4 * count)
        #expect(try state(.gradients) == 16 * share)
        #expect(try state(.full) == 16 * share)
        let ring = 0.75 * Double(count)
        #expect(try planned(.none).traffic.wireBytes == 8 * ring)
        #expect(try planned(.optimizer).traffic.wireBytes == 6 * ring)
        #expect(try planned(.gradients, passes: 3).traffic.wireBytes == 14 * ring)
        #expect(try planned(.full, passes: 3).traffic.wireBytes == 24 * ring)
        // Gloo sums everywhere what it is to scatter.
        #expect(try planned(.optimizer, dataType: .fp32, device: .cpu).traffic.wireBytes == 12 * ring)
        #expect(try planned(.full, processes: 1).traffic.wireBytes == 0)
    }

    @Test func whatIsOffloadedIsElsewhere() throws {
        let count = try planned(.none).shape.trained
        let (none, host) = (try planned(.none, processes: 1), try planned(.none, .optimizer, processes: 1))
        #expect(none.memory.total - host.memory.total >= 16 * count)
        #expect(host.memory.hostBytes - none.memory.hostBytes >= 16 * count)
        let files = try planned(.none, .all, to: "ssd", processes: 1)
        #expect(files.memory.diskBytes == 16 * count)
        #expect(files.memory.hostBytes < host.memory.hostBytes + (1 << 30))
        #expect(files.memory.total < host.memory.total)
        // 6 of AdamW, the gradients of two passes written and read, the weights of four walks.
        #expect(files.traffic.diskBytes == 4 * Double(count) * (6 + 4 + 4))
        // On the CPU the host is the device.
        let onHost = try planned(.none, .optimizer, processes: 1, device: .cpu)
        #expect(onHost.traffic.linkBytes == 0)
    }

    @Test func whatDoesNotFitIsTold() throws {
        let planner = try TrainingPlanner(settings, budget: budget(device: 64 << 20, host: 1 << 40))
        #expect(planner.best == nil)
        let error = #expect(throws: MemoryError.self) { try planner.requireFit() }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("nothing fits: with ") && text.contains("the device lacks"), "\(text)")
        #expect(planner.text.contains("lacks") && !planner.text.contains("cheapest"))
        // A host that is too small is told of as well, and what is near comes first.
        let both = try TrainingPlanner(settings, budget: budget(device: 64 << 20, host: 64 << 20))
        #expect(both.candidates[0].lackingBytes <= both.candidates[1].lackingBytes)
        #expect(both.candidates[0].reason?.contains("the host lacks") == true)
    }

    @Test func filesHelpWhereTheHostIsSmall() throws {
        var settings = settings
        settings.model.dataType = .fp32
        let plain = try TrainingPlanner(settings, budget: budget(device: nil)).candidates.filter {
            $0.settings.compute.offload == .none
        }
        // Plans of a tiny model are dominated by what does not depend on it, so nothing but order is told here.
        #expect(plain.allSatisfy { $0.memory.isOnHost && $0.memory.bytesPerHost >= $0.memory.total })
        settings.compute.offloadTo = "ssd"
        let full = try TrainingPlanner(settings, budget: budget(disk: 0))
        #expect(full.candidates.filter { $0.settings.compute.offloadTo == "ssd" }.allSatisfy { !$0.fits })
    }

    @Test func layoutsCountHosts() {
        #expect(TrainingLayout(processes: 64).hosts == 8)
        #expect(TrainingLayout(processes: 6, processesPerHost: 4).hosts == 2)
        #expect(TrainingLayout(processes: 2, processesPerHost: 8).processesPerHost == 2)
    }
}
