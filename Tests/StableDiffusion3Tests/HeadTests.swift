import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import StableDiffusion3

/// Heads against what PyTorch makes of the same weights (Tools/head_goldens.py).
@Suite struct HeadTests {
    private let golden: [String: Tensor]
    private let folder: ModelFolder
    private let latent: Tensor

    init() throws {
        golden = try readTensors("\(goldens)/heads/heads.safetensors")
        folder = try ModelFolder("\(goldens)/tiny-0")
        latent = try #require(golden["latent"])
    }

    private func named(_ name: String) throws -> Tensor { try #require(golden[name]) }

    private func weights(_ prefix: String) -> Weights {
        let own = golden.filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) }
        return Weights(Dictionary(uniqueKeysWithValues: own), dtype: .float32)
    }

    private func readout(_ classes: Int) throws -> OutputHead {
        try OutputHead(
            folder.headForm(training: .readout, classes: classes, localContinuity: false),
            weights("readout_\(classes)."))
    }

    private func plain(_ head: OutputHead) throws -> Tensor {
        try withoutGradients {
            try folder.loadTransformer(dtype: .float32, device: .cpu)(
                latent, timestep: segmentationTimestep, prompt: folder.loadEmptyPrompt().to(.float32, device: .cpu),
                head: head)
        }
    }

    @Test(arguments: [1, 3])
    func aReadoutIsPyTorchs(classes: Int) throws {
        let (head, logits) = (try readout(classes), try named("logits_\(classes)"))
        try expectClose(plain(head), logits, within: Tolerance.rounding, "logits")
        let folded = try folder.loadFoldedTransformer(dtype: .float32, device: .cpu)
        try expectClose(withoutGradients { try folded(latent, head: head) }, logits, within: Tolerance.folded, "folded")
        let streamed = try StreamedTransformer(folder, dtype: .float32, device: .cpu)
        try expectClose(
            withoutGradients { try streamed(latent, head: head) }, logits, within: Tolerance.folded, "streamed")
        let int8 = try folder.loadFoldedTransformer(dtype: .float32, device: .cpu, precision: .int8)
        try expectClose(withoutGradients { try int8(latent, head: head) }, logits, within: 0.1, "int8")
    }

    /// Rows and columns exchanged, or classes between pixels, must be noticed.
    @Test func theControlFails() throws {
        let logits = try plain(readout(3))
        let moved = try logits.reshape([2, 3, 2, 16, 3, 16]).transpose(3, 5).reshape([2, 3, 32, 48])
        #expect(try relativeError(moved, named("logits_3")) > 0.1)
        let shifted = try cat([logits.narrow(1, start: 1, length: 2), logits.narrow(1, start: 0, length: 1)], axis: 1)
        #expect(try relativeError(shifted, named("logits_3")) > 0.1)
    }

    @Test func localContinuityIsPyTorchs() throws {
        let form = try folder.headForm(training: .latent, classes: 1, localContinuity: true)
        try expectClose(
            plain(OutputHead(form, weights("continuity."))), named("continuous"), within: Tolerance.rounding, "latent")
        // Fresh, it is the identity.
        let fresh = try OutputHead(form, Weights(form.freshWeights(seed: 1), dtype: .float32))
        #expect(try plain(fresh).array(of: Float.self) == plain(.projection).array(of: Float.self))
        #expect(try relativeError(plain(.projection), named("continuous")) > 0.1)
    }

    @Test func aFreshReadoutGivesSmallLogits() throws {
        let form = try folder.headForm(training: .readout, classes: 1, localContinuity: false)
        let logits = try plain(OutputHead(form, Weights(form.freshWeights(seed: 1), dtype: .float32)))
        let values = try logits.array(of: Float.self)
        let deviation = (values.map { Double($0) * Double($0) }.reduce(0, +) / Double(values.count)).squareRoot()
        #expect((0.01...1).contains(deviation))
    }

    @Test func aFolderKeepsItsHead() throws {
        try withTemporaryFolder { temporary in
            let path = try copyModel("tiny-0", into: temporary)
            #expect(try ModelFolder(path).headForm() == .projection)
            #expect(errorMessage { _ = try ModelFolder(path).headForm(.readout) }.contains("--head latent"))
            let form = try folder.headForm(training: .readout, classes: 3, localContinuity: false)
            let continuity = try folder.headForm(training: .latent, classes: 1, localContinuity: true)
            for form in [form, continuity] {
                try HeadWeights(form, form.freshWeights(seed: 2)).write(to: path)
            }
            let model = try ModelFolder(path)
            try model.check()
            #expect(try model.headForm() == form && model.headForm(.latent) == continuity)

            // Exported in any form and dtype, the heads come along; without the readout only the other does.
            let out = "\(temporary)/out"
            try model.export(to: out, folded: true, dtype: .bfloat16)
            let exported = try ModelFolder(out)
            try exported.check()
            #expect(try exported.headForm() == form)
            try model.export(to: "\(temporary)/latent", folded: false, dtype: nil, heads: model.ownHeads(.latent))
            #expect(try ModelFolder("\(temporary)/latent").headForm() == continuity)
        }
    }

    @Test func aHeadThatDoesNotFitIsRefused() throws {
        try withTemporaryFolder { temporary in
            let path = try copyModel("tiny-0", into: temporary)
            let form = try folder.headForm(training: .readout, classes: 1, localContinuity: false)
            try HeadWeights(form, form.freshWeights(seed: 2)).write(to: path)
            let configuration = "\(path)/mask_head/config.json"
            func message(_ edit: (inout [String: Any]) -> Void) throws -> String {
                let before = try Data(contentsOf: URL(fileURLWithPath: configuration))
                defer { try? before.write(to: URL(fileURLWithPath: configuration)) }
                try editJSON(configuration, edit)
                return errorMessage { try ModelFolder(path).check() }
            }
            #expect(try message { $0["patch_size"] = 8 }.contains("patch_size"))
            #expect(try message { $0["num_classes"] = 2 }.contains("num_classes is 2; expected 1 or 3"))
            #expect(try message { $0["num_classes"] = 3 }.contains("proj.weight"))
            #expect(try message { $0["_class_name"] = "Other" }.contains("expected TokenReadout"))
            #expect(try message { $0["upsampling"] = 2 }.contains("upsampling"))
            try editTensors("\(path)/mask_head/diffusion_pytorch_model.safetensors") {
                $0["stranger"] = try Tensor.zeros([1])
            }
            #expect(errorMessage { try ModelFolder(path).check() }.contains("stranger"))
            try FileManager.default.removeItem(atPath: "\(path)/mask_head/diffusion_pytorch_model.safetensors")
            #expect(errorMessage { try ModelFolder(path).check() }.contains("mask_head/"))
        }
    }

    @Test func withoutItsDecoderAnAutoencoderEncodesTheSame() throws {
        let picture = try Tensor.randn([1, 3, 32, 48], seed: 3)
        func encoded(decodes: Bool) throws -> [Float] {
            let autoencoder = try folder.loadAutoencoder(dtype: .float32, device: .cpu, decodes: decodes)
            #expect((autoencoder.decoder != nil) == decodes)
            return try withoutGradients { try autoencoder.encode(picture).mode().array(of: Float.self) }
        }
        #expect(try encoded(decodes: true) == encoded(decodes: false))
    }
}
