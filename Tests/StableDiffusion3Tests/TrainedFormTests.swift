import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import TorchTraining

@testable import StableDiffusion3

/// What the folded form and adapters have to do with the published form.
@Suite struct TrainedFormTests {
    private let model: ModelFolder
    private let configuration: SD3TransformerConfiguration
    private let plain: [String: Tensor]
    private let folded: [String: Tensor]
    private let prompt: PromptEmbeddings
    private let latent: Tensor

    init() throws {
        model = try ModelFolder("\(goldens)/tiny-0")
        configuration = try model.transformerConfiguration()
        plain = try model.transformerTensors().tensors
        prompt = try model.loadEmptyPrompt().to(.float32, device: .cpu)
        folded = try FoldedTransformer.fold(
            configuration, Weights(plain, dtype: .float32), timestep: segmentationTimestep, prompt: prompt)
        latent = try Tensor.randn([2, 16, 8, 8], seed: 5)
    }

    private func trainable(
        _ form: TrainedForm, adapters: [String: Tensor]? = nil, dtype: DType = .float32,
        gradientCheckpointing: Bool = false
    ) throws -> TrainableTransformer {
        try TrainableTransformer(
            configuration, form == .folded ? folded : plain, form: form, adapters: adapters, dtype: dtype, device: .cpu,
            timestep: segmentationTimestep, prompt: prompt, gradientCheckpointing: gradientCheckpointing)
    }

    private func distance(_ one: Tensor, _ other: Tensor) throws -> Double {
        try (one - other).abs().max().item() / max(1e-12, other.abs().max().item())
    }

    private func slot(_ slot: StateSlot, _ part: Int, of transformer: TrainableTransformer) throws -> Tensor {
        try #require(try transformer.trained.gathered(slot, of: part))
    }

    /// Updates towards a fixed target; gives the losses.
    @discardableResult
    private func train(_ transformer: TrainableTransformer, updates: Int, rate: Double = 1e-3) throws -> [Double] {
        let target = try Tensor.randn([2, 16, 8, 8], seed: 6)
        let optimizer = try AdamW(transformer.trained)
        return try (0..<updates).map { _ in
            let loss = try transformer.accumulateGradients(latent.to(transformer.dtype), scale: 1) {
                try $0.to(.float32).meanSquaredError(target)
            }
            try optimizer.step(learningRate: rate)
            return try loss.item()
        }
    }

    private var lora: TrainedForm { .lora(rank: 4, targets: TrainedForm.standardTargets) }

    @Test func foldedTrainingBeginsWherePlainTrainingDoes() throws {
        let losses = try (train(trainable(.all), updates: 1)[0], train(trainable(.folded), updates: 1)[0])
        #expect(abs(losses.0 - losses.1) <= 1e-5 * losses.0)
    }

    @Test(arguments: [false, true])
    func foldedTrainingIsPublished(gradientCheckpointing: Bool) throws {
        let trained = try trainable(.folded, gradientCheckpointing: gradientCheckpointing)
        let losses = try train(trained, updates: 10)
        #expect(losses[9] < losses[0])
        let (tensors, prompt) = try FoldedTransformer.unfold(
            configuration, Dictionary(uniqueKeysWithValues: trained.state()))
        let published = try SD3Transformer2DModel(configuration, Weights(tensors, dtype: .float32))
        let prediction = try withoutGradients {
            try published(latent, timestep: segmentationTimestep, prompt: prompt)
        }
        #expect(try distance(prediction, trained(latent)) < 1e-5)
        // What was trained is not what training began with.
        #expect(try distance(prediction, trainable(.folded)(latent)) > 1e-2)
    }

    /// No one weight's dtype decides for the others.
    @Test func eachWeightIsConvertedFromItsOwnDType() throws {
        for (form, own) in [(TrainedForm.all, plain), (.folded, folded)] {
            var mixed = own
            for (index, key) in own.keys.sorted().enumerated() where index % 3 > 0 {
                mixed[key] = try own[key]?.to(index % 3 == 1 ? .bfloat16 : .float64)
            }
            let trained = try TrainableTransformer(
                configuration, mixed, form: form, dtype: .float32, device: .cpu, timestep: segmentationTimestep,
                prompt: prompt, gradientCheckpointing: true)
            for (key, tensor) in try trained.state() {
                let expected = try #require(mixed[key]).to(.float32)
                #expect(try (tensor - expected).abs().max().item() == 0, "\(key)")
            }
            let unconverted = Weights(unconverted: mixed)
            for (key, tensor) in mixed {
                #expect(try unconverted.tensor(key, shape: tensor.shape).dtype == tensor.dtype)
            }
        }
    }

    /// In half precision the parts share memory for the gradients of a pass; nothing of one part may reach another.
    @Test func gradientsOfPartsThatShareMemoryAreTheirOwn() throws {
        for form in [TrainedForm.all, .folded, lora] {
            let one = try trainable(form, dtype: .bfloat16, gradientCheckpointing: false)
            let other = try trainable(form, dtype: .bfloat16, gradientCheckpointing: true)
            // Twice, for the second pass adds to the first and finds used memory.
            for transformer in [one, other] {
                for _ in 0..<2 {
                    _ = try transformer.accumulateGradients(latent.to(.bfloat16), scale: 1) {
                        let output = try $0.to(.float32)
                        return try (output * output).mean()
                    }
                }
            }
            for part in one.trained.parts {
                let prefix = part.layout.prefix
                let (one, other) = (
                    try slot(.gradient, part.index, of: one), try slot(.gradient, part.index, of: other)
                )
                #expect(try one.abs().max().item() > 0, "\(form) \(prefix)")
                #expect(try distance(other, one) < 2e-2, "\(form) \(prefix)")
            }
        }
    }

    /// Where blocks run again for their gradients, the working gradients of all parts share memory as large as the largest part.
    @Test func workingGradientsTakeTheLargestPart() throws {
        for gradientCheckpointing in [true, false] {
            let trained = try trainable(.all, dtype: .bfloat16, gradientCheckpointing: gradientCheckpointing)
            let counts = trained.trained.parts.map(\.layout.count)
            let largest = try #require(counts.max())
            #expect(largest < counts.reduce(0, +) / 2)
            _ = try trained.accumulateGradients(latent.to(.bfloat16), scale: 1) { try $0.to(.float32).mean() }
            #expect(trained.trained.scratch.sizes.sorted() == (gradientCheckpointing ? [largest] : counts.sorted()))
        }
    }

    @Test func whatAPassLeftInSharedMemoryIsGone() throws {
        let (clean, used) = try (
            trainable(.all, dtype: .bfloat16, gradientCheckpointing: true),
            trainable(.all, dtype: .bfloat16, gradientCheckpointing: true)
        )
        _ = try used.accumulateGradients(latent.to(.bfloat16), scale: 1) { try $0.to(.float32).sum() }
        for part in used.trained.parts { #expect(try slot(.gradient, part.index, of: used).abs().max().item() > 0) }
        try used.trained.discardGradients()
        try train(clean, updates: 1)
        try train(used, updates: 1)
        for part in clean.trained.parts {
            let (one, other) = (try slot(.master, part.index, of: clean), try slot(.master, part.index, of: used))
            #expect(try (one - other).abs().max().item() == 0)
        }
    }

    @Test func recomputationGivesTheSameGradients() throws {
        for form in [TrainedForm.folded, lora] {
            let losses = try (
                train(trainable(form), updates: 5), train(trainable(form, gradientCheckpointing: true), updates: 5)
            )
            for (one, other) in zip(losses.0, losses.1) { #expect(abs(one - other) <= 1e-5 * one, "\(form)") }
        }
    }

    @Test(arguments: ["tiny-0", "tiny-1", "tiny-2"])
    func foldedNumbersAreCounted(name: String) throws {
        let model = try ModelFolder("\(goldens)/\(name)")
        let configuration = try model.transformerConfiguration()
        let folded = try FoldedTransformer.fold(
            configuration, Weights(model.transformerTensors().tensors, dtype: .float32),
            timestep: segmentationTimestep, prompt: model.loadEmptyPrompt())
        let count = folded.filter { $0.key != "pos_embed.pos_embed" }.values.map(\.elementCount).reduce(0, +)
        #expect(
            try FoldedTransformer.parameterCount(configuration, promptTokens: model.promptTokenCount()) == count)
    }

    @Test func adaptersBeginAsTheModel() throws {
        let base = try trainable(.all)(latent)
        #expect(try (trainable(lora)(latent) - base).abs().max().item() == 0)
    }

    @Test func mergedAdaptersAreTheAdapters() throws {
        let trained = try trainable(lora)
        let losses = try train(trained, updates: 10)
        #expect(losses[9] < losses[0])
        let adapters = Dictionary(uniqueKeysWithValues: try trained.state())
        #expect(adapters.keys.allSatisfy { $0.hasSuffix("lora_A.weight") || $0.hasSuffix("lora_B.weight") })
        let merged = try SD3Transformer2DModel(
            configuration, Weights(LowRankAdapters.merge(adapters, into: plain), dtype: .float32))
        let prediction = try withoutGradients { try merged(latent, timestep: segmentationTimestep, prompt: prompt) }
        #expect(try distance(prediction, trained(latent)) < 1e-5)
        #expect(try distance(prediction, trainable(.all)(latent)) > 1e-2)
        #expect(try distance(trainable(lora, adapters: adapters)(latent), trained(latent)) == 0)
    }

    @Test func impossibleAdaptersAreNamed() throws {
        for (form, text) in [
            (TrainedForm.lora(rank: 4, targets: ["to_x"]), "ends in to_x"),
            (.lora(rank: 1000, targets: ["attn.to_q"]), "the rank 1000 is larger"),
        ] {
            let error = #expect(throws: ModelError.self) { try trainable(form) }
            #expect(error?.description.contains(text) == true)
        }
    }

    @Test func averagesFollowTheWeights() throws {
        let trained = try trainable(.folded)
        let average = try ExponentialMovingAverage(trained.trained, decay: 0.5)
        let before = try slot(.master, 1, of: trained).clone()
        try train(trained, updates: 1)
        let after = try slot(.master, 1, of: trained)
        // The first update counts with 1 / 10 at most.
        try average.update(part: 1, master: after, step: 0)
        #expect(try distance(slot(.average, 1, of: trained), before * 0.1 + after * 0.9) < 1e-6)
        try average.update(part: 1, master: after, step: 1000)
        #expect(try distance(slot(.average, 1, of: trained), before * 0.05 + after * 0.95) < 1e-6)
        let own = try trained(latent)
        let averaged = try average.withAverages { try trained(latent) }
        #expect(try distance(averaged, own) > 0)
        #expect(try (trained(latent) - own).abs().max().item() == 0)
    }

    @Test func float16IsCloseToFloat32() throws {
        let losses = try (train(trainable(.all), updates: 3), train(trainable(.all, dtype: .float16), updates: 3))
        for (one, other) in zip(losses.0, losses.1) { #expect(abs(one - other) <= 1e-2 * one) }
    }

    @Test func lossScaleFollowsOverflows() {
        var scale = LossScale()
        scale.update(isFinite: false)
        #expect(scale.value == 32768 && scale.canShrink)
        for _ in 0..<2000 { scale.update(isFinite: true) }
        #expect(scale.value == 65536)
        for _ in 0..<40 { scale.update(isFinite: false) }
        #expect(scale.value == 1 && !scale.canShrink)
    }

    @Test func nothingIsLeftOfAnUpdate() throws {
        for form in [TrainedForm.all, .folded, lora] {
            let trained = try trainable(form, gradientCheckpointing: true)
            let optimizer = try AdamW(trained.trained)
            let average = try ExponentialMovingAverage(trained.trained, decay: 0.9)
            func update(_ step: Int) throws {
                _ = try trained.accumulateGradients(latent, scale: 1) { try $0.meanSquaredError(latent) }.item()
                let clip = try GradientClip(trained.trained, limit: 1)
                try optimizer.step(learningRate: 1e-3, factor: clip.factor) {
                    try average.update(part: $0, master: $1, step: step)
                }
            }
            try update(0)
            // Other tests make and drop tensors at the same time, but a leak of one an update is in every try.
            let growths = try (0..<10).map { _ in
                let before = TorchRuntime.liveTensorCount
                for step in 1...30 { try update(step) }
                return TorchRuntime.liveTensorCount - before
            }
            #expect(growths.contains { $0 < 30 }, "\(form): \(growths)")
        }
    }
}
