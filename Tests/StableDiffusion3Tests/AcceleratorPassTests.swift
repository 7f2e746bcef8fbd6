import TestSupport
import Testing
import Torch
import TorchNN

@testable import StableDiffusion3

/// A pass as an accelerator takes it, on the CPU: its numbers, and that nothing in it waits for the device.
@Suite struct AcceleratorPassTests {
    private func form<R>(_ body: () throws -> R) throws -> R {
        try withoutGradients { try withFastKernels { try withAcceleratorForms(body) } }
    }

    @Test(arguments: ["tiny-0", "tiny-1", "tiny-2"])
    func transformerReadsNothingBack(name: String) throws {
        let model = try ModelFolder("\(goldens)/\(name)")
        let configuration = try model.transformerConfiguration()
        let folded = try FoldedTransformer(
            configuration,
            Weights(
                FoldedTransformer.fold(
                    configuration, Weights(model.transformerTensors().tensors, dtype: .float32),
                    timestep: segmentationTimestep, prompt: model.loadEmptyPrompt()), dtype: .float32))
        let latent = try Tensor.randn([2, 16, 8, 6], seed: 5)
        let (result, counts) = try countingOperations { try form { try folded(latent) } }
        try expectClose(result, withoutGradients { try withFastKernels { try folded(latent) } }, within: 2e-6)
        #expect(counts["aten::_local_scalar_dense"] == nil)
        #expect(counts["aten::rms_norm", default: 0] <= 3 * configuration.numLayers)
    }

    @Test func autoencoderKeepsChannelsLast() throws {
        let model = try ModelFolder("\(goldens)/tiny-0")
        let autoencoder = try model.loadAutoencoder(dtype: .bfloat16, device: .cpu)
        let exact = try model.loadAutoencoder(dtype: .float32, device: .cpu)
        let picture = try Tensor.randn([2, 3, 32, 48], seed: 5).clamp(-1...1)
        let own = try picture.to(.bfloat16)
        let (latent, counts) = try countingOperations { try form { try autoencoder.encode(own).mode() } }
        let reference = try withoutGradients { try exact.encode(own.to(.float32)).mode() }
        try expectClose(latent.to(.float32), reference, within: 3e-2, "latent")
        let (decoded, back) = try countingOperations { try form { try autoencoder.decode(latent) } }
        try expectClose(
            decoded.to(.float32), withoutGradients { try exact.decode(latent.to(.float32)) }, within: 3e-2, "picture")
        for counts in [counts, back] {
            #expect(counts["aten::_local_scalar_dense"] == nil)
            // Only the attention in the middle has a group norm of its own, before tokens that are no picture any more.
            #expect(counts["aten::native_group_norm"] == 1)
        }
    }
}
