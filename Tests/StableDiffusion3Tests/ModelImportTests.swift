import Files
import Foundation
import Safetensors
import StableDiffusion3
import TestSupport
import Testing
import Torch

/// What others publish and train, against what diffusers, peft and DeepSpeed make of the same files (Tools/make_import_fixtures.py).
@Suite struct ModelImportTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/import").path
    private let base = "\(Self.fixtures)/model"

    private func fixture(_ name: String) -> String { "\(Self.fixtures)/\(name)" }

    private func weights(_ folder: String, _ part: String = "transformer") throws -> [String: Tensor] {
        try readTensors("\(folder)/\(part)/diffusion_pytorch_model.safetensors")
    }

    private func makeImport(_ source: String, vae: String? = nil, base: String?) throws -> ModelImport {
        try ModelImport(source, autoencoder: vae, base: base.map { try ModelFolder($0) })
    }

    /// Imports and gives the transformer's weights.
    private func imported(_ source: String, vae: String? = nil, dtype: DType? = nil) throws -> [String: Tensor] {
        try withTemporaryFolder { folder in
            try makeImport(source, vae: vae, base: base).write(to: "\(folder)/out", dtype: dtype)
            return try weights("\(folder)/out")
        }
    }

    private func expectSame(_ a: [String: Tensor], _ b: [String: Tensor]) throws {
        #expect(a.keys.sorted() == b.keys.sorted())
        for (key, expected) in b {
            guard let tensor = a[key] else { continue }
            #expect(tensor.dtype == expected.dtype && tensor.shape == expected.shape, "\(key)")
            let (found, wanted) = (try tensor.withUnsafeBytes(Array.init), try expected.withUnsafeBytes(Array.init))
            #expect(found == wanted, "\(key)")
        }
    }

    /// Against digests of float32.
    private func expectDigests(_ tensors: [String: Tensor], _ name: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("\(name)_expected.json")))
        let digests = try JSONDecoder().decode([String: String].self, from: data)
        #expect(tensors.keys.sorted() == digests.keys.sorted())
        for (key, tensor) in tensors {
            let bytes = try tensor.to(.float32).withUnsafeBytes(Array.init)
            #expect(SHA256.digest(of: bytes).prefix(16) == digests[key] ?? "", "\(key)")
        }
    }

    private func message(_ source: String, vae: String? = nil, base: String?) -> String {
        errorMessage { _ = try makeImport(source, vae: vae, base: base) }
    }

    // MARK: - Single files

    @Test func aSingleFileIsTheModelThatDiffusersReads() throws {
        try withTemporaryFolder { folder in
            let plan = try makeImport(fixture("single.safetensors"), base: base)
            #expect(plan.findings.count == 3)
            #expect(plan.findings[0].contains("transformer in Stability's layout, 2 blocks, width 4, float16"))
            #expect(plan.notes.count == 1 && plan.notes[0].contains("text_encoders (1)"), "\(plan.notes)")
            try plan.write(to: "\(folder)/out")
            for part in ["transformer", "vae"] { try expectSame(weights("\(folder)/out", part), weights(base, part)) }
            let names = try names(in: "\(folder)/out")
            #expect(names == ["precomputed_prompt_embeddings", "transformer", "vae"])
            #expect(errorMessage { try plan.write(to: "\(folder)/out") }.contains("something is there already"))
        }
    }

    /// The halves of the last block's and the output's modulation are the other way round there: not swapped, they would show.
    @Test func aWeightInAnotherPlaceShows() throws {
        try withTemporaryFolder { folder in
            let file = "\(folder)/a.safetensors"
            try FileManager.default.copyItem(atPath: fixture("single.safetensors"), toPath: file)
            try editTensors(file) { tensors in
                let prefix = "model.diffusion_model.joint_blocks.0.x_block.mlp."
                let (first, second) = (tensors[prefix + "fc2.bias"], tensors[prefix + "fc1.bias"])
                tensors[prefix + "fc2.bias"] = try first.map { try $0 + 1 }
                tensors[prefix + "fc1.bias"] = second
            }
            let changed = try imported(file)
            let key = "transformer_blocks.0.ff.net.2.bias"
            let (a, b) = (changed[key], try weights(base)[key])
            let (found, kept) = (try a?.withUnsafeBytes(Array.init), try b?.withUnsafeBytes(Array.init))
            #expect(found != nil && found != kept)
        }
    }

    @Test(arguments: ["", "diffusion_model.", "model.diffusion_model.", "module.model.diffusion_model.", "_orig_mod."])
    func prefixesDoNotMatter(prefix: String) throws {
        try withTemporaryFolder { folder in
            let file = "\(folder)/a.safetensors"
            var tensors: [String: Tensor] = [:]
            for (key, tensor) in try readTensors(fixture("single.safetensors"))
            where key.hasPrefix("model.diffusion_model.") {
                tensors[prefix + key.dropFirst("model.diffusion_model.".count)] = tensor
            }
            try writeTensors(tensors, to: file)
            try expectSame(imported(file), weights(base))
        }
    }

    @Test func eightBitsWithScalesAreWhatComfyUIComputesWith() throws {
        try expectDigests(imported(fixture("scaled_fp8.safetensors")), "scaled_fp8")
        let half = try imported(fixture("scaled_fp8.safetensors"), dtype: .bfloat16)
        #expect(half.values.allSatisfy { $0.dtype == .bfloat16 })
    }

    @Test func aStateDictInDiffusersLayoutIsRead() throws {
        try expectSame(
            imported("\(base)/transformer/diffusion_pytorch_model.safetensors"), weights(base))
        try expectSame(imported("\(base)/transformer"), weights(base))
        // Only the VAE's own file is without its configuration.
        let vae = try withTemporaryFolder { folder in
            let plan = try makeImport(
                fixture("scaled_fp8.safetensors"), vae: fixture("single.safetensors"), base: base)
            try plan.write(to: "\(folder)/out", dtype: .float32)
            return try weights("\(folder)/out", "vae")
        }
        try expectSame(vae, weights(base, "vae").mapValues { try $0.to(.float32) })
    }

    @Test func aConfigurationFollowsFromShapes() throws {
        try withTemporaryFolder { folder in
            // A base of another shape gives the prompt alone.
            let other = try copyModel("tiny-0", into: folder)
            try FileManager.default.removeItem(atPath: "\(other)/precomputed_prompt_embeddings")
            try FileManager.default.copyItem(
                atPath: "\(base)/precomputed_prompt_embeddings", toPath: "\(other)/precomputed_prompt_embeddings")
            let plan = try makeImport(
                fixture("scaled_fp8.safetensors"), vae: "\(base)/vae", base: other)
            try plan.write(to: "\(folder)/out")
            let made = try ModelFolder("\(folder)/out").transformerConfiguration()
            let wanted = try ModelFolder(base).transformerConfiguration()
            #expect(made.sampleSize == 12 && wanted.sampleSize == 8)
            #expect(made.numLayers == 2 && made.numAttentionHeads == 1 && made.attentionHeadDim == 4)
            #expect(made.jointAttentionDim == 8 && made.pooledProjectionDim == 8 && made.posEmbedMaxSize == 6)
            #expect(made.dualAttentionLayers == [0] && made.qkNorm == "rms_norm" && made.outChannels == 16)
        }
    }

    // MARK: - DeepSpeed

    @Test(arguments: [2, 3]) func zeroIsWhatDeepSpeedsScriptMakesOfIt(stage: Int) throws {
        let plan = try makeImport(fixture("zero\(stage)"), base: base)
        #expect(plan.findings[0].contains("ZeRO stage \(stage), \(stage) processes"), "\(plan.findings)")
        try expectDigests(imported(fixture("zero\(stage)")), "zero\(stage)")
        try expectDigests(imported(fixture("zero\(stage)/global_step1")), "zero\(stage)")
    }

    @Test func aFileOfTorchSaveIsRead() throws {
        try withTemporaryFolder { folder in
            let file = "\(folder)/state.pt"
            try FileManager.default.copyItem(
                atPath: fixture("zero2/global_step1/mp_rank_00_model_states.pt"), toPath: file)
            let found = try imported(file)
            let expected = try weights(base)
            #expect(found.keys.sorted() == expected.keys.sorted())
            let masters = try imported(fixture("zero2"))
            let key = "transformer_blocks.0.attn.to_q.weight"
            try expectClose(try #require(found[key]), try #require(masters[key]), within: 5e-3)
        }
    }

    @Test func aMissingShareIsNamed() throws {
        try withTemporaryFolder { folder in
            let copy = "\(folder)/zero"
            try FileManager.default.copyItem(atPath: fixture("zero3/global_step1"), toPath: copy)
            try FileManager.default.removeItem(atPath: "\(copy)/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt")
            #expect(message(copy, base: base).contains("has 2 of the 3 files *_optim_states.pt"))
            #expect(
                message("\(copy)/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt", base: base).contains(
                    "name its folder"))
        }
    }

    // MARK: - LoRA

    @Test(arguments: ["peft", "diffusers_lora.safetensors", "kohya.safetensors"])
    func adaptersAreMergedAsPeftMergesThem(name: String) throws {
        let merged = try imported(fixture(name), dtype: .float32)
        let expected = try readTensors(fixture("lora_expected.safetensors"))
        // The base is in halves, so that sums are rounded to them.
        for (key, tensor) in try weights(base) {
            try expectClose(
                try #require(merged[key]), expected[key] ?? tensor, within: expected[key] == nil ? 0 : 5e-4, key)
        }
        #expect(expected.count == 6)
    }

    @Test func anAdapterForAnotherModelIsRefused() throws {
        try withTemporaryFolder { folder in
            func refuses(_ expected: String, _ edit: (inout [String: Tensor]) throws -> Void) throws {
                try expectRefusal(of: "kohya.safetensors", in: folder, expected, edit)
            }
            let key = "lora_unet_x_embedder_proj"
            try refuses("only one half of its pair") { $0["\(key).lora_up.weight"] = nil }
            try refuses("none of a low-rank adapter") { $0["\(key).dora_scale"] = try Tensor.ones([4]) }
            try refuses("it is for another model") { $0["\(key).lora_up.weight"] = try Tensor.ones([8, 2]) }
            try refuses("joint_blocks_9_x_block_mlp_fc1, which") { tensors in
                for half in ["lora_up.weight", "lora_down.weight"] {
                    tensors["lora_unet_joint_blocks_9_x_block_mlp_fc1.\(half)"] = try Tensor.ones([2, 2])
                }
            }
            #expect(message(fixture("kohya.safetensors"), base: nil).contains("name the model that it is for"))
        }
    }

    // MARK: - Bad input

    private func expectRefusal(
        of name: String, in folder: String, _ expected: String, _ edit: (inout [String: Tensor]) throws -> Void
    ) throws {
        let file = "\(folder)/a.safetensors"
        try? FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: fixture(name), toPath: file)
        try editTensors(file, edit)
        let text = message(file, base: base)
        #expect(text.contains(expected), "\(text)")
    }

    @Test func whatIsMissingIsNamedAsTheFileNamesIt() throws {
        try withTemporaryFolder { folder in
            func refuses(_ expected: String, _ edit: (inout [String: Tensor]) throws -> Void) throws {
                try expectRefusal(of: "single.safetensors", in: folder, expected, edit)
            }
            let prefix = "model.diffusion_model."
            try refuses("lacks a weight of a Stable Diffusion 3 transformer: joint_blocks.1.x_block.attn.qkv.bias") {
                $0["\(prefix)joint_blocks.1.x_block.attn.qkv.bias"] = nil
            }
            try refuses("has no place for: \(prefix)extra.weight") {
                $0["\(prefix)final_layer.extra.weight"] = try Tensor.ones([1])
                $0["\(prefix)extra.weight"] = try Tensor.ones([1])
            }
            try refuses("are the same weight, pos_embed") { $0["pos_embed"] = $0["\(prefix)pos_embed"] }
            try refuses("proj_out.weight has shape [64, 5]; going by the other weights it should have [64, 4]") {
                $0["\(prefix)final_layer.linear.weight"] = try Tensor.ones([64, 5])
            }
            try refuses("lacks a weight of a VAE") { $0["first_stage_model.encoder.mid.attn_1.q.bias"] = nil }
            try refuses("one number") { $0["\(prefix)final_layer.linear.scale_weight"] = try Tensor.ones([3]) }
            try refuses("without its weight gone.weight") { $0["\(prefix)gone.scale_weight"] = try Tensor.ones([]) }
        }
    }

    @Test func whatIsNoModelIsRefusedInOneSentence() throws {
        try withTemporaryFolder { folder in
            func refuses(_ expected: String, _ bytes: [UInt8], _ name: String) throws {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
                let text = message("\(folder)/\(name)", base: base)
                #expect(text.contains(expected), "\(text)")
            }
            #expect(message("\(folder)/none", base: base).contains("there is no file or folder"))
            #expect(message(base, base: base).contains("is a model folder already"))
            #expect(message(folder, base: base).contains("has no file of weights"))
            #expect(message("\(base)/vae", base: base).contains("holds a VAE and no transformer"))
            try refuses("quantized weights", Array("GGUF\u{3}".utf8), "a.gguf")
            try refuses("not a zip file", [0x80, 2, 0x63] + Array("os\nsystem\n.".utf8), "b.bin")
            try refuses("cut off", [], "c.safetensors")
            try FileManager.default.removeItem(atPath: "\(folder)/c.safetensors")
            try writeTensors(["double_blocks.0.img_attn.qkv.weight": .ones([1])], to: "\(folder)/d.safetensors")
            #expect(message("\(folder)/d.safetensors", base: base).contains("a Flux model"))
            try writeTensors(["a": .ones([1])], to: "\(folder)/e.safetensors")
            #expect(message("\(folder)/e.safetensors", base: base).contains("its keys are a"))
            #expect(message(fixture("single.safetensors"), base: nil).contains("no 32 groups"))
            #expect(message(folder, base: base).contains("files of weights"))
            let whole = try Data(contentsOf: URL(fileURLWithPath: fixture("single.safetensors")))
            try refuses("cut off", Array(whole.prefix(9000)), "f.safetensors")
        }
    }

    @Test func nothingIsLeftWhereWritingFails() throws {
        try withTemporaryFolder { folder in
            let file = "\(folder)/a.safetensors"
            try FileManager.default.copyItem(atPath: fixture("single.safetensors"), toPath: file)
            try editTensors(file) { tensors in
                tensors["model.diffusion_model.pos_embed"] = try Tensor.full([1, 36, 4], 1e6)
            }
            let text = errorMessage { try makeImport(file, base: base).write(to: "\(folder)/out", dtype: .float16) }
            #expect(text.contains("pos_embed.pos_embed has values beyond float16's 65504"), "\(text)")
            let names = try names(in: folder)
            #expect(names == ["a.safetensors"])
        }
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }
}
