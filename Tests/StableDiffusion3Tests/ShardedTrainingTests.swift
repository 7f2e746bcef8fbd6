import TestSupport
import Testing
import Torch
import TorchNN
import TorchTraining

@testable import StableDiffusion3

/// Several processes, here threads, that share a batch and the state of training come to what one comes to with the whole batch.
/// `Scripts/try-sharding` tries all combinations with processes of the program.
@Suite struct ShardedTrainingTests {
    struct Run: Sendable, CustomTestStringConvertible {
        var stage = Sharding.Stage.none
        var form = TrainedForm.folded
        var accumulation = 1
        var gradientCheckpointing = true
        var dtype = DType.float32
        var isOnHost = false
        var updates = 20
        /// Whether pixels are trained instead of latents.
        var hasReadout = false

        var testDescription: String {
            "\(stage) \(form) \(accumulation) \(gradientCheckpointing) \(dtype)\(isOnHost ? " on the host" : "")\(hasReadout ? " readout" : "")"
        }
    }

    private struct Outcome: Sendable {
        var losses: [Double] = []
        var norms: [Double] = []
        var weights: [String: [Float]] = [:]
        var averages: [String: [Float]] = [:]
        /// What a pass gives in the end, with the weights and with their averages.
        var predictions: [[Float]] = []
        /// The bytes that each slot takes, gathered weights left out.
        var slotCounts: [StateSlot: Int] = [:]
    }

    private static let batch = 4
    static let stages = [Sharding.Stage.none, .optimizer, .gradients, .full]
    static let adapters = TrainedForm.lora(rank: 4, targets: TrainedForm.standardTargets)

    private static func transformer(_ run: Run, group: ProcessGroup?) throws -> TrainableTransformer {
        let model = try ModelFolder("\(goldens)/tiny-0")
        let (configuration, plain) = (try model.transformerConfiguration(), try model.transformerTensors().tensors)
        let prompt = try model.loadEmptyPrompt()
        let tensors =
            try run.form.transformerForm == .folded
            ? FoldedTransformer.fold(
                configuration, Weights(plain, dtype: .float32), timestep: segmentationTimestep, prompt: prompt) : plain
        let form = try model.headForm(
            training: run.hasReadout ? .readout : .latent, classes: 1, localContinuity: false)
        return try TrainableTransformer(
            configuration, tensors, form: run.form, head: HeadWeights(form, form.freshWeights(seed: 4)),
            dtype: run.dtype, device: .cpu, timestep: segmentationTimestep,
            prompt: prompt, gradientCheckpointing: run.gradientCheckpointing, seed: 3,
            storage: run.isOnHost ? HostStorage(device: .cpu) : nil, sharding: Sharding(run.stage, group: group))
    }

    private static func train(_ run: Run, group: ProcessGroup? = nil) throws -> Outcome {
        let transformer = try transformer(run, group: group)
        let trained = transformer.trained
        let optimizer = try AdamW(trained)
        let average = try ExponentialMovingAverage(trained, decay: 0.9)
        let (rank, size) = (group?.rank ?? 0, group?.size ?? 1)
        let share = batch / size
        func part(_ seed: Int, _ shape: [Int] = [16, 8, 8]) throws -> Tensor {
            try Tensor.randn([batch] + shape, seed: UInt32(seed)).narrow(0, start: rank * share, length: share)
                .contiguous()
        }
        var outcome = Outcome()
        for step in 0..<run.updates {
            var total = 0.0
            for pass in 0..<run.accumulation {
                let seed = 2 * (step * run.accumulation + pass)
                let target = try part(seed + 1, run.hasReadout ? [1, 64, 64] : [16, 8, 8])
                total += try transformer.accumulateGradients(
                    part(seed).to(run.dtype), scale: 1 / Double(run.accumulation * size),
                    isLast: pass == run.accumulation - 1
                ) { try $0.to(.float32).meanSquaredError(target) }.item()
            }
            let clip = try GradientClip(trained, limit: 0.5)
            outcome.losses.append(
                try (group?.allReduce([total]) ?? [total])[0] / Double(run.accumulation * size))
            outcome.norms.append(try clip.norm.item())
            try optimizer.step(learningRate: 1e-4, factor: clip.factor) {
                try average.update(part: $0, master: $1, step: step)
            }
        }
        func values(_ slot: StateSlot) throws -> [String: [Float]] {
            Dictionary(uniqueKeysWithValues: try trained.views(of: slot).map { ($0.key, try $0.tensor.array()) })
        }
        (outcome.weights, outcome.averages) = (try values(.master), try values(.average))
        let latent = try Tensor.randn([1, 16, 8, 8], seed: 9).to(run.dtype)
        for _ in 0..<2 {
            outcome.predictions.append(try transformer(latent).to(.float32).array())
            outcome.predictions.append(
                try average.withAverages { try transformer(latent).to(.float32).array(of: Float.self) })
        }
        for slot in StateSlot.allCases {
            outcome.slotCounts[slot] = try trained.parts.map { part in
                try trained.storage.with(slot, of: part.index) { $0.elementCount }
            }.reduce(0, +)
        }
        return outcome
    }

    private func distance(_ one: [String: [Float]], _ other: [String: [Float]]) -> Float {
        one.map { key, values in
            guard let others = other[key], others.count == values.count else { return .infinity }
            return zip(values, others).map { abs($0 - $1) }.max() ?? 0
        }.max() ?? .infinity
    }

    private func expectEqual(_ run: Run, size: Int, tolerance: Double = 1e-5) throws {
        let wanted = try Self.train(run)
        for result in try withProcessGroups(size, { group in try Self.train(run, group: group) }) {
            let found = try result.get()
            for (one, other) in zip(found.losses, wanted.losses) { #expect(abs(one - other) <= tolerance * other) }
            for (one, other) in zip(found.norms, wanted.norms) { #expect(abs(one - other) <= 10 * tolerance * other) }
            #expect(distance(found.weights, wanted.weights) <= Float(tolerance))
            #expect(distance(found.averages, wanted.averages) <= Float(tolerance))
            let scale = wanted.predictions[0].map(abs).max() ?? 0
            for (one, other) in zip(found.predictions, wanted.predictions) {
                #expect(zip(one, other).allSatisfy { abs($0 - $1) <= Float(tolerance) * scale })
            }
            #expect(found.predictions[0] == found.predictions[2] && found.predictions[1] == found.predictions[3])
            #expect(found.predictions[0] != found.predictions[1])
        }
    }

    @Test(arguments: stages) func twoComeToWhatOneComesTo(stage: Sharding.Stage) throws {
        try expectEqual(Run(stage: stage), size: 2)
    }

    @Test(arguments: [
        Run(stage: .full, form: .all, accumulation: 3, updates: 5),
        Run(stage: .gradients, form: adapters, accumulation: 3, updates: 5),
        Run(stage: .full, form: adapters, gradientCheckpointing: false, updates: 5),
        Run(stage: .gradients, gradientCheckpointing: false, isOnHost: true, updates: 5),
        Run(stage: .optimizer, accumulation: 3, isOnHost: true, updates: 5),
        Run(stage: .full, isOnHost: true, updates: 5),
        Run(stage: .full, form: .all, updates: 5, hasReadout: true),
        Run(stage: .gradients, form: adapters, accumulation: 3, updates: 5, hasReadout: true),
        Run(stage: .optimizer, form: .head, updates: 5, hasReadout: true),
    ])
    func fourDoToo(run: Run) throws { try expectEqual(run, size: 4) }

    /// In half precision each process rounds the gradients of its pictures alone.
    @Test(arguments: stages) func halfPrecisionIsSharded(stage: Sharding.Stage) throws {
        let results = try withProcessGroups(2) { group in
            (
                try Self.train(Run(dtype: .bfloat16, updates: 3), group: group),
                try Self.train(Run(stage: stage, accumulation: 1, dtype: .bfloat16, updates: 3), group: group)
            )
        }
        for result in results {
            let (whole, sharded) = try result.get()
            for (one, other) in zip(sharded.losses, whole.losses) { #expect(abs(one - other) <= 1e-5 * other) }
            #expect(distance(sharded.weights, whole.weights) <= 1e-5)
        }
    }

    /// Of what is sharded each process keeps a fourth, and of the rest everything.
    @Test(arguments: stages) func eachKeepsItsShareAlone(stage: Sharding.Stage) throws {
        let whole = try Self.train(Run(updates: 1)).slotCounts
        for result in try withProcessGroups(4, { try Self.train(Run(stage: stage, updates: 1), group: $0) }) {
            for (slot, count) in try result.get().slotCounts {
                let isShared = slot == .gradient ? stage >= .gradients : stage >= .optimizer
                let wanted = try #require(whole[slot]) / (isShared ? 4 : 1)
                #expect((wanted...wanted + 40).contains(count), "\(slot)")
            }
        }
    }

    /// What was gathered is put back by any number of processes.
    @Test func theStateMovesBetweenWorlds() throws {
        let run = Run(stage: .full, updates: 2)
        let wanted = try Self.train(run).weights
        let results = try withProcessGroups(3) { group in
            let trained = try Self.transformer(run, group: group).trained
            for part in trained.parts {
                let tensors = try wanted.mapValues { try Tensor($0, shape: [$0.count]) }
                try trained.put(tensors, in: .master, of: part.index)
            }
            var owned: [String: [Float]] = [:]
            for part in trained.parts {
                let owner = part.index % group.size
                let whole = try trained.gathered(.master, of: part.index, at: owner)
                if (whole != nil) != (owner == group.rank) { return owned }
                guard let whole else { continue }
                for (key, tensor) in try part.layout.views(of: whole) { owned[key] = try tensor.array() }
            }
            return owned
        }
        let found = try results.map { try $0.get() }
        #expect(found.allSatisfy { !$0.isEmpty && $0.count < wanted.count })
        #expect(found.reduce(into: [:]) { $0.merge($1) { one, _ in one } } == wanted)
    }
}
