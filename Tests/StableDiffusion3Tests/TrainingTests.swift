import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import TorchTraining

@testable import StableDiffusion3

/// Twenty updates against what PyTorch's AdamW and diffusers' model do (Tools/make_goldens.py).
@Suite struct TrainingTests {
    private struct Golden: Decodable {
        struct Settings: Decodable {
            let lr, cycles, minLrRatio, maxGradNorm: Double
            let warmup, steps, batch: Int
        }

        struct Update: Decodable {
            let loss, lr, gradNorm: Double
        }

        let settings: Settings
        let logs: [String: [Update]]
    }

    private struct Update {
        var loss, rate, norm: Double
    }

    private func golden(_ model: String) throws -> (Golden, [String: Tensor]) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(goldens)/\(model)/training.json"))
        return (
            try decoder.decode(Golden.self, from: data), try readTensors("\(goldens)/\(model)/training.safetensors")
        )
    }

    private func transformer(_ model: String, dtype: DType = .float32, gradientCheckpointing: Bool) throws
        -> TrainableTransformer
    {
        let folder = try ModelFolder("\(goldens)/\(model)")
        return try TrainableTransformer(
            folder.transformerConfiguration(), folder.transformerTensors().tensors, dtype: dtype, device: .cpu,
            timestep: segmentationTimestep, prompt: folder.loadEmptyPrompt(),
            gradientCheckpointing: gradientCheckpointing)
    }

    /// Trains as the golden run did.
    private func train(
        _ model: String, _ transformer: TrainableTransformer, accumulation: Int,
        change: (inout AdamW.Settings) -> Void = { _ in }
    ) throws -> [Update] {
        let (golden, tensors) = try golden(model)
        let settings = golden.settings
        let autoencoder = try ModelFolder("\(goldens)/\(model)").loadAutoencoder(dtype: .float32, device: .cpu)
        let pictures = try #require(tensors["pictures"]).to(.float32) / 255
        let masks = try #require(tensors["masks"]).to(.float32).unsqueeze(1).expand([-1, 3, -1, -1])
        var adamW = AdamW.Settings()
        change(&adamW)
        let optimizer = try AdamW(transformer.trained, adamW)
        let schedule = LearningRateSchedule(
            peak: settings.lr, warmupSteps: settings.warmup, totalSteps: settings.steps, cycles: settings.cycles,
            floorRatio: settings.minLrRatio)
        func latents(_ values: Tensor, _ chosen: Tensor) throws -> Tensor {
            try withoutGradients {
                let chosen = try values.indexSelect(0, chosen)
                return try autoencoder.scaled(autoencoder.encode(chosen * 2 - 1).mode())
            }
        }
        var (updates, cursor) = ([Update](), 0)
        for step in 0..<settings.steps {
            var total = 0.0
            for _ in 0..<accumulation {
                let chosen = try Tensor((0..<settings.batch).map { Int64((cursor + $0) % 4) }, shape: [settings.batch])
                cursor += settings.batch
                let target = try latents(masks, chosen)
                let loss = try transformer.accumulateGradients(
                    latents(pictures, chosen).to(transformer.dtype), scale: 1 / Double(accumulation)
                ) { try $0.to(.float32).meanSquaredError(target) }
                total += try loss.item() / Double(accumulation)
            }
            let clip = try GradientClip(transformer.trained, limit: settings.maxGradNorm)
            try optimizer.step(learningRate: schedule.rate(at: step), factor: clip.factor)
            updates.append(Update(loss: total, rate: schedule.rate(at: step), norm: try clip.norm.item()))
        }
        return updates
    }

    private func isClose(_ one: Double, _ other: Double, _ tolerance: Double) -> Bool {
        abs(one - other) <= tolerance * max(abs(other), 1e-12)
    }

    @Test(arguments: ["tiny-0", "tiny-2"], [(1, false), (1, true), (3, false), (3, true)])
    func updatesAreThoseOfPyTorch(model: String, form: (accumulation: Int, gradientCheckpointing: Bool)) throws {
        let trained = try transformer(model, gradientCheckpointing: form.gradientCheckpointing)
        let updates = try train(model, trained, accumulation: form.accumulation)
        let (golden, tensors) = try golden(model)
        let expected = try #require(
            golden.logs["accumulation_\(form.accumulation)"])
        #expect(updates.count == expected.count)
        for (index, (update, expected)) in zip(updates, expected).enumerated() {
            #expect(isClose(update.loss, expected.loss, 1e-4), "loss of update \(index)")
            #expect(isClose(update.rate, expected.lr, 1e-9), "rate of update \(index)")
            #expect(isClose(update.norm, expected.gradNorm, 1e-4), "norm of update \(index)")
        }
        for (key, tensor) in try trained.state() where key != "pos_embed.pos_embed" {
            let wanted = try #require(tensors["accumulation_\(form.accumulation).\(key)"])
            let worst = try (tensor - wanted).abs().max().item()
            #expect(worst < 1e-4, "\(key) differs by \(worst)")
        }
    }

    @Test func anotherOptimizerIsNoticed() throws {
        let trained = try transformer("tiny-0", gradientCheckpointing: false)
        let updates = try train("tiny-0", trained, accumulation: 1) { $0.beta2 = 0.99 }
        let expected = try #require(try golden("tiny-0").0.logs["accumulation_1"])
        #expect(zip(updates, expected).contains { !isClose($0.loss, $1.loss, 1e-4) })
    }

    @Test func bfloat16IsCloseToFloat32() throws {
        let updates = try train(
            "tiny-0", transformer("tiny-0", dtype: .bfloat16, gradientCheckpointing: true), accumulation: 1)
        let expected = try #require(try golden("tiny-0").0.logs["accumulation_1"])
        for (update, expected) in zip(updates, expected) { #expect(isClose(update.loss, expected.loss, 2e-2)) }
    }

    @Test func aSecondPassAddsTheSameAgain() throws {
        let trained = try transformer("tiny-0", gradientCheckpointing: true)
        let latent = try Tensor.randn([1, 16, 8, 8], seed: 1)
        func pass() throws { _ = try trained.accumulateGradients(latent, scale: 1) { try $0.meanSquaredError(latent) } }
        try pass()
        let before = try trained(latent)
        let norm = try trained.trained.gradientNorm().item()
        try pass()
        #expect(isClose(try trained.trained.gradientNorm().item(), 2 * norm, 1e-5))
        #expect(try (trained(latent) - before).abs().max().item() == 0)
    }
}
