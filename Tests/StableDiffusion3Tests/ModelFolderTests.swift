import Foundation
import Safetensors
import TestSupport
import Testing
import Torch
import TorchNN

@testable import StableDiffusion3

@Suite struct ModelFolderTests {
    @Test func namesTheDownloadOfAModelThatIsNotThere() throws {
        let text = errorMessage {
            _ = try ModelFolder(
                "stabilityai/stable-diffusion-3.5-medium", environment: ["HF_HOME": "/nonexistent", "HOME": "/root"])
        }
        #expect(text.contains("/nonexistent/hub"))
        #expect(
            text.contains("hf download stabilityai/stable-diffusion-3.5-medium --include 'transformer/*' --include"))
        #expect(text.contains("gated"))
        #expect(
            errorMessage { _ = try ModelFolder("no/such/folder") }.contains("there is no model folder no/such/folder"))
    }

    @Test(arguments: [
        (["HF_HUB_CACHE": "/a", "HF_HOME": "/b"], "/a"), (["HUGGINGFACE_HUB_CACHE": "/c", "HF_HOME": "/b"], "/c"),
        (["HF_HOME": "/b"], "/b/hub"), (["XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
        (["HOME": "/home/me"], "/home/me/.cache/huggingface/hub"),
        (["HOME": "/home/me", "HF_HOME": "~/hf"], "/home/me/hf/hub"),
    ])
    func findsTheCache(environment: [String: String], root: String) {
        #expect(HuggingFaceCache(environment: environment).root == root)
    }

    @Test func readsSnapshotsByReference() throws {
        try withTemporaryFolder { folder in
            let commit = String(repeating: "ab", count: 20)
            let repository = "\(folder)/hub/models--some--model"
            try FileManager.default.createDirectory(
                atPath: "\(repository)/refs", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(
                atPath: "\(repository)/snapshots", withIntermediateDirectories: true)
            try commit.write(toFile: "\(repository)/refs/main", atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(
                atPath: "\(repository)/snapshots/\(commit)", withDestinationPath: "\(goldens)/tiny-1")
            let environment = ["HF_HOME": folder]
            let model = try ModelFolder("some/model", environment: environment)
            #expect(model.path == "\(repository)/snapshots/\(commit)")
            _ = try model.loadFoldedTransformer(dtype: .float32, device: .cpu)
            #expect(try ModelFolder("some/model", revision: commit, environment: environment).path == model.path)
            #expect(
                errorMessage { _ = try ModelFolder("some/model", revision: "v2", environment: environment) }
                    .contains("--revision v2"))
        }
    }

    @Test func takesVariantsAndShards() throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-1", into: folder)
            let part = "\(path)/transformer"
            let whole = "\(part)/diffusion_pytorch_model.safetensors"
            let reference = try ModelFolder(path).loadTransformer(dtype: .float32, device: .cpu)

            // Two shards with an index.
            let tensors = try readTensors(whole)
            let names = tensors.keys.sorted()
            var map: [String: String] = [:]
            for (number, half) in [names.prefix(names.count / 2), names.dropFirst(names.count / 2)].enumerated() {
                let shard = "diffusion_pytorch_model-0000\(number + 1)-of-00002.safetensors"
                try SafetensorsWriter.write(
                    to: "\(part)/\(shard)", entries: half.compactMap { name in tensors[name].map { .init(name, $0) } })
                for name in half { map[name] = shard }
            }
            try FileManager.default.removeItem(atPath: whole)
            let index = try JSONSerialization.data(
                withJSONObject: ["metadata": ["total_size": 0], "weight_map": map] as [String: Any])
            try index.write(to: URL(fileURLWithPath: "\(whole).index.json"))
            let sharded = try ModelFolder(path).loadTransformer(dtype: .float32, device: .cpu)
            #expect(
                try sharded.output.projOut.weight.array(of: Float.self)
                    == reference.output.projOut.weight.array(of: Float.self))

            // fp16 files alone are found without being asked for.
            try FileManager.default.removeItem(atPath: "\(whole).index.json")
            #expect(
                errorMessage { _ = try ModelFolder(path).loadTransformer(dtype: .float32, device: .cpu) }
                    .contains("transformer/diffusion_pytorch_model.safetensors"))
            try FileManager.default.copyItem(
                atPath: "\(goldens)/tiny-1/transformer/diffusion_pytorch_model.safetensors",
                toPath: "\(part)/diffusion_pytorch_model.fp16.safetensors")
            _ = try ModelFolder(path).loadTransformer(dtype: .float32, device: .cpu)
            _ = try ModelFolder(path, variant: "fp16").loadTransformer(dtype: .float32, device: .cpu)
            #expect(
                errorMessage {
                    _ = try ModelFolder(path, variant: "ema").loadTransformer(dtype: .float32, device: .cpu)
                }
                .contains("diffusion_pytorch_model.ema.safetensors"))
        }
    }

    @Test func namesMissingWrongAndSurplusWeights() throws {
        let key = "transformer_blocks.1.attn.to_k.weight"
        func load(_ edit: (inout [String: Tensor]) throws -> Void) throws -> String {
            try withTemporaryFolder { folder in
                let path = try copyModel("tiny-0", into: folder)
                try editTensors("\(path)/transformer/diffusion_pytorch_model.safetensors", edit)
                return errorMessage { _ = try ModelFolder(path).loadFoldedTransformer(dtype: .float32, device: .cpu) }
            }
        }
        let missing = try load { $0[key] = nil }
        #expect(missing.contains("diffusion_pytorch_model.safetensors: the weight \(key) is missing"))
        let wrong = try load { $0[key] = try Tensor.zeros([4, 3]) }
        #expect(wrong.contains("the weight \(key) has shape [4, 3], but config.json asks for [16, 16]"))
        let surplus = try load { $0["extra.weight"] = try Tensor.zeros([1]) }
        #expect(surplus.contains("has no place for the weights extra.weight"))
        let integer = try load { $0[key] = try Tensor.zeros([16, 16], dtype: .int64) }
        #expect(integer.contains("dtype I64"))
    }

    @Test(arguments: [
        ("transformer", "num_layers", "many", "num_layers"), ("transformer", "new_option", "true", "new_option"),
        ("transformer", "qk_norm", "layer_norm", "rms_norm"),
        ("transformer", "_class_name", "FluxTransformer2DModel", "FluxTransformer2DModel"),
        ("vae", "_class_name", "AutoencoderTiny", "AutoencoderTiny"), ("vae", "act_fn", "gelu", "silu"),
        ("vae", "_note", "anything", ""),
    ])
    func readsConfigurationsStrictly(part: String, key: String, value: String, named: String) throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            try editJSON("\(path)/\(part)/config.json") { $0[key] = value }
            let text = errorMessage {
                let model = try ModelFolder(path)
                _ = try model.loadFoldedTransformer(dtype: .float32, device: .cpu)
                _ = try model.loadAutoencoder(dtype: .float32, device: .cpu)
            }
            if named.isEmpty {
                #expect(text == "nothing was thrown")
            } else {
                #expect(text.contains(named) && text.contains("\(part)/config.json"), "\(text)")
            }
        }
    }

    @Test func readsEachConfigurationOnce() throws {
        let model = try ModelFolder("\(goldens)/tiny-0")
        let copy = model
        for folder in [model, copy, model] {
            _ = try folder.inputLimits()
            _ = try folder.loadFoldedTransformer(dtype: .float32, device: .cpu)
            _ = try folder.loadAutoencoder(dtype: .float32, device: .cpu)
            try folder.check()
        }
        #expect(model.configurations.readCount == 2)
        #expect(copy.configurations === model.configurations)
    }

    @Test func namesAPartThatIsNotThere() throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            try FileManager.default.removeItem(atPath: "\(path)/vae")
            let text = errorMessage { _ = try ModelFolder(path).loadAutoencoder(dtype: .float32, device: .cpu) }
            #expect(text.contains("\(path) has no vae/config.json"))
        }
    }
}

@Suite struct ExportTests {
    /// What readers of JSON take differently: diffusers would compute with another number.
    @Test(arguments: [
        (
            "vae", "\"scaling_factor\": 1.5305", "\"scaling_factor\": 3, \"scaling_factor\": 1.5305",
            "scaling_factor twice"
        ),
        ("transformer", "\"num_layers\": 3", "\"num_layers\": 3, \"num_layers\": 2", "num_layers twice"),
        ("vae", "\"scaling_factor\": 1.5305", "\"scaling_factor\": null", "scaling_factor is null"),
        ("vae", "\"scaling_factor\": 1.5305", "\"scaling_factor\": NaN", "it has NaN"),
        ("vae", "\"shift_factor\": 0.0609", "\"shift_factor\": -Infinity", "it has Infinity"),
        ("transformer", "\"sample_size\": 8", "\"sample_size\": null", "sample_size is null"),
        ("transformer", "{", "{ // note", "not valid JSON"),
    ])
    func doubtfulConfigurationsAreRefused(part: String, old: String, new: String, reason: String) throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            let file = "\(path)/\(part)/config.json"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try #require(text.contains(old))
            try text.replacing(old, with: new, maxReplacements: 1).write(
                toFile: file, atomically: true, encoding: .utf8)
            let found = errorMessage { try ModelFolder(path).check() }
            #expect(found.contains(reason) && found.contains("\(part)/config.json"), "\(found)")
        }
    }

    @Test(arguments: [false, true], [DType?.none, .float32, .bfloat16])
    func anExportedModelGivesTheSame(folded: Bool, dtype: DType?) throws {
        try withTemporaryFolder { folder in
            let out = "\(folder)/out"
            try ModelFolder("\(goldens)/tiny-0").export(to: out, folded: folded, dtype: dtype)
            let expected = try Golden.all[0].expected
            let prediction = try withoutGradients {
                try ModelFolder(out).loadFoldedTransformer(dtype: .float32, device: .cpu)(
                    expected.named("image_latent"))
            }
            // A plain export in float16 or float32 is exact; folding into float16 rounds.
            let tolerance =
                dtype == .bfloat16 ? Tolerance.bfloat16 : folded && dtype == nil ? 3e-3 : Tolerance.folded
            try expectClose(prediction, expected.named("prediction_latent"), within: tolerance, "prediction")
            let vae = try ModelFolder(out).loadAutoencoder(dtype: .float32, device: .cpu)
            #expect(vae.configuration.scalingFactor == 1.5305)
            #expect(try ModelFolder(out).transformerForm() == (folded ? .folded : .plain))
            try ModelFolder(out).check()
        }
    }

    @Test func aFoldedModelIsExportedInEitherForm() throws {
        try withTemporaryFolder { folder in
            let model = try ModelFolder("\(goldens)/tiny-1")
            try model.export(to: "\(folder)/a", folded: true, dtype: .float32)
            try ModelFolder("\(folder)/a").export(to: "\(folder)/b", folded: true, dtype: .float16)
            try ModelFolder("\(folder)/a").export(to: "\(folder)/c", folded: false, dtype: nil)
            #expect(throws: ModelError.self) {
                try ModelFolder("\(folder)/a").loadTransformer(dtype: .float32, device: .cpu)
            }
            let published = try ModelFolder("\(folder)/c")
            let latent = try Tensor.randn([1, 16, 8, 8], seed: 1)
            let (one, other) = try withoutGradients {
                (
                    try published.loadTransformer(dtype: .float32, device: .cpu)(
                        latent, timestep: segmentationTimestep, prompt: published.loadEmptyPrompt()),
                    try ModelFolder("\(folder)/a").loadFoldedTransformer(dtype: .float32, device: .cpu)(latent)
                )
            }
            try expectClose(one, other, within: 1e-5, "prediction")
        }
    }

    @Test func neverOverwritesAndNamesWhatFloat16CannotHold() throws {
        try withTemporaryFolder { folder in
            #expect {
                try ModelFolder("\(goldens)/tiny-0").export(to: folder, folded: false, dtype: nil)
            } throws: {
                "\($0)".hasPrefix("\(folder) cannot be written: something is there already")
            }
            let path = try copyModel("tiny-0", into: folder)
            try editTensors("\(path)/transformer/diffusion_pytorch_model.safetensors") {
                $0["proj_out.bias"] = try Tensor.full([64], 1e6)
            }
            let error = #expect(throws: ModelError.self) {
                try ModelFolder(path).export(to: "\(folder)/out", folded: true, dtype: .float16)
            }
            #expect(error?.description.contains("proj_out.bias") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["tiny-0"])
        }
    }
}
