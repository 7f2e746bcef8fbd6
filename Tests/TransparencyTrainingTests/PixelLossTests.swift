import Foundation
import StableDiffusion3
import TestSupport
import Testing
import Torch
import TorchTraining
import TransparencySegmentation

@testable import TransparencyTraining

/// Losses of pixels and their gradients against PyTorch's autograd (Tools/head_goldens.py).
@Suite struct PixelLossTests {
    private let golden: [String: Tensor]
    private let folder: ModelFolder
    private let weights = LossWeights([.crossEntropy: 1, .dice: 0.5, .boundary: 0.2])

    init() throws {
        golden = try readTensors("\(goldens)/heads/heads.safetensors")
        folder = try ModelFolder("\(goldens)/tiny-0")
    }

    private func named(_ name: String) throws -> Tensor { try #require(golden[name]) }

    private func losses(_ classes: Int) throws -> PixelLosses {
        try PixelLosses(named("classes").to(.float32), tellsApart: classes == 3)
    }

    private func loss(_ settings: TrainingSettings.Model, _ classes: Int) throws -> TrainingLoss {
        TrainingLoss(
            settings: settings, weights: weights, pixelShare: 1,
            autoencoder: try folder.loadAutoencoder(
                dtype: .float32, device: .cpu, decodes: settings.head == .latent),
            picture: try named("latent"), maskLatent: nil, pixels: try losses(classes))
    }

    private func settings(_ head: MaskHead, _ classes: Int) -> TrainingSettings.Model {
        var settings = TrainingSettings.Model()
        (settings.head, settings.target) = (head, classes == 3 ? .color : .binary)
        return settings
    }

    @Test(arguments: [LossTerm.crossEntropy, .dice, .boundary], [1, 3])
    func aTermIsPyTorchs(term: LossTerm, classes: Int) throws {
        let leaf = try named("logits_\(classes)").detached()
        try leaf.setRequiresGradient()
        let value = try withGradients {
            let value = try losses(classes).value(of: term, leaf)
            try value.backward()
            return try value.item()
        }
        let expected = try named("\(term.rawValue)_\(classes)").item()
        #expect(abs(value - expected) <= 1e-5 * expected)
        let gradient = try #require(try leaf.gradient())
        try expectClose(gradient, named("\(term.rawValue)_\(classes).gradient"), within: 1e-4, "gradient")
        // Another class's truth must be noticed.
        let other = try PixelLosses(named("classes").to(.float32) * -1 + 2, tellsApart: classes == 3)
        #expect(try abs(other.value(of: term, leaf).item() - expected) > 1e-3)
    }

    /// What becomes of the transformer's weights, of any way through it.
    @Test(arguments: [1, 3], [false, true])
    func gradientsOfAReadoutArePyTorchs(classes: Int, gradientCheckpointing: Bool) throws {
        let form = try folder.headForm(training: .readout, classes: classes, localContinuity: false)
        let head = HeadWeights(
            form,
            [
                "proj.weight": try named("readout_\(classes).proj.weight"),
                "proj.bias": try named("readout_\(classes).proj.bias"),
            ])
        let transformer = try TrainableTransformer(
            folder.transformerConfiguration(), folder.transformerTensors().tensors, head: head, dtype: .float32,
            device: .cpu, timestep: 1000, prompt: folder.loadEmptyPrompt(),
            gradientCheckpointing: gradientCheckpointing)
        let loss = try loss(settings(.readout, classes), classes)
        var values: [LossTerm: Tensor] = [:]
        let latent = try named("latent")
        let counts = try countingOperations {
            try transformer.accumulateGradients(latent, scale: 1) { try loss($0) { values[$0] = $1 } }
        }.counts
        // A device is not waited for before the end of an update.
        #expect(counts["aten::_local_scalar_dense"] == nil)
        let terms = try values.mapValues { try $0.item() }
        let total = try named("total_\(classes)").item()
        #expect(abs(loss.weights.value(of: terms, pixelShare: 1) - total) <= 1e-5 * total)
        let found = Dictionary(uniqueKeysWithValues: try transformer.trained.views(of: .gradient))
        let prefix = "gradient_\(classes)."
        for (key, expected) in golden where key.hasPrefix(prefix) {
            let name = String(key.dropFirst(prefix.count))
            try expectClose(#require(found[name]), expected, within: 1e-4, name)
        }
        // A readout has no use for the latent's projection, which stays as it is.
        #expect(found["proj_out.weight"] == nil)
        #expect(
            try transformer.constantState().map(\.key).sorted() == [
                "pos_embed.pos_embed", "proj_out.bias", "proj_out.weight",
            ])
    }

    @Test(arguments: [1, 3])
    func gradientsThroughTheDecoderArePyTorchs(classes: Int) throws {
        let leaf = try named("latent").detached()
        try leaf.setRequiresGradient()
        let loss = try loss(settings(.latent, classes), classes)
        var terms: [LossTerm: Double] = [:]
        try withGradients { try loss(leaf) { terms[$0] = try? $1.item() }.backward() }
        let expected = try named("decoded_\(classes)").item()
        #expect(abs(loss.weights.value(of: terms, pixelShare: 1) - expected) <= 1e-4 * expected)
        try expectClose(
            #require(try leaf.gradient()), named("decoded_\(classes).gradient"), within: 1e-3, "gradient")
    }

    @Test func picturesCountAlikeHoweverTheyAreBatched() throws {
        let (logits, classes) = (try named("logits_3"), try named("classes").to(.float32))
        for term in [LossTerm.crossEntropy, .dice, .boundary] {
            let whole = try losses(3).value(of: term, logits).item()
            let parts = try (0..<2).map { index in
                try PixelLosses(classes.narrow(0, start: index, length: 1), tellsApart: true)
                    .value(of: term, logits.narrow(0, start: index, length: 1)).item()
            }
            #expect(abs(whole - (parts[0] + parts[1]) / 2) < 1e-6)
        }
    }

    @Test func decodedColorsAreTheirClasses() throws {
        let colors: [[Float]] = [[-1, -1, -1], [1, -1, -1], [1, 1, 1]]
        for (index, color) in colors.enumerated() {
            let logits = try Tensor(color, shape: [1, 3, 1, 1]).logitsOfDecoded(tellsApart: true)
            #expect(try logits.argmax(1).item() == Double(index))
        }
        #expect(try Tensor([1, 1, 1] as [Float], shape: [1, 3, 1, 1]).logitsOfDecoded(tellsApart: false).item() == 4)
    }

    @Test func weightsAreReadAsTheyAreShown() throws {
        for text in ["latent_mse", "cross_entropy=0.5,boundary=0.2", "dice,boundary"] {
            let weights = try #require(LossWeights(settingText: text))
            #expect(LossWeights(settingText: weights.settingText) == weights)
        }
        #expect(LossWeights(settingText: " dice = 2 ")?.weights == [.dice: 2])
        for text in ["", "dice,dice", "dice=0", "dice=-1", "dice=1e9", "dice=nan", "dice=", "other", "dice=1=2", ","] {
            #expect(LossWeights(settingText: text) == nil, "\(text)")
        }
    }

    @Test func whatCannotGoTogetherIsTold() {
        func problems(_ change: (inout TrainingSettings) -> Void) -> String {
            var settings = TrainingSettings()
            change(&settings)
            return settings.problems().map(\.text).joined(separator: "; ")
        }
        #expect(problems { $0.model.head = .readout }.isEmpty)
        #expect(
            problems {
                ($0.model.head, $0.model.localContinuity, $0.model.predictionType) = (.readout, true, .residual)
                $0.training.losses = LossWeights([.latentMSE: 1])
            }.split(separator: "; ").count >= 3)
        #expect(problems { $0.model.trainable = .head }.contains("trainable is head"))
        #expect(problems { $0.model.timestep = 1001 }.contains("timestep is 1001"))
        #expect(problems { ($0.model.trainable, $0.model.localContinuity) = (.head, true) }.isEmpty)
    }

    @Test func lossesOfPixelsComeInDuringTheSecondEpoch() {
        var settings = TrainingSettings()
        settings.training.losses = LossWeights([.latentMSE: 1, .dice: 1])
        #expect([0, 0.5, 1, 1.25, 2, 9].map(settings.pixelShare) == [0, 0, 0, 0.25, 1, 1])
        settings.training.maxTrainSteps = 3
        #expect(settings.warnings(pictureCount: 100).contains { $0.contains("second epoch") })
        settings.training.losses = LossWeights([.dice: 1])
        #expect(settings.pixelShare(epoch: 0) == 1)
        (settings.model.head, settings.training.losses) = (.readout, nil)
        #expect(settings.pixelShare(epoch: 0) == 1 && settings.lossWeights == LossWeights([.crossEntropy: 1]))
    }
}
