import Foundation
import Safetensors
import TestSupport
import Testing
import Torch
import TorchNN

@testable import StableDiffusion3

@Suite struct WeightFilesTests {
    private let whole = "diffusion_pytorch_model.safetensors"

    /// Puts a part's weights into two shards with an index of this name.
    private func shard(_ part: String, index: String) throws {
        let tensors = try readTensors("\(part)/\(whole)")
        let names = tensors.keys.sorted()
        var map: [String: String] = [:]
        for (number, half) in [names.prefix(names.count / 2), names.dropFirst(names.count / 2)].enumerated() {
            let file = "\(index.split(separator: ".")[0])-\(index.count)-0000\(number + 1)-of-00002.safetensors"
            try writeTensors(tensors.filter { half.contains($0.key) }, to: "\(part)/\(file)")
            for name in half { map[name] = file }
        }
        try JSONSerialization.data(withJSONObject: ["weight_map": map]).write(
            to: URL(fileURLWithPath: "\(part)/\(index)"))
    }

    private func bias(_ model: ModelFolder) throws -> [Float] {
        try model.loadTransformer(dtype: .float32, device: .cpu).output.projOut.bias?.array(of: Float.self) ?? []
    }

    /// diffusers takes the index where a single file is there as well; transformers does it the other way round.
    @Test(arguments: [
        (ModelLayout.diffusersStem, "diffusion_pytorch_model.safetensors.index.json"),
        (ModelLayout.transformersStem, "model.safetensors"),
    ])
    func prefersAsTheirOwners(stem: String, expected: String) throws {
        try withTemporaryFolder { folder in
            for name in ["\(stem).safetensors", "\(stem).safetensors.index.json"] {
                try "".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            #expect(WeightFiles(folder, stem: stem).file(of: nil) == expected)
            #expect(WeightFiles(folder, stem: stem).file(of: "fp16") == nil)
        }
    }

    @Test func takesTheIndexBeforeTheSingleFile() throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            let part = "\(path)/transformer"
            let expected = try bias(ModelFolder(path))
            try shard(part, index: "\(whole).index.json")
            try editTensors("\(part)/\(whole)") { $0["proj_out.bias"] = try $0["proj_out.bias"].map { try $0 + 1 } }
            #expect(try bias(ModelFolder(path)) == expected)
            // A shard that is missing is named with the index, and nothing else is taken in its place.
            let shards = try FileManager.default.contentsOfDirectory(atPath: part).filter { $0.contains("-of-") }
            try FileManager.default.removeItem(atPath: "\(part)/\(shards[0])")
            let text = errorMessage { _ = try bias(ModelFolder(path)) }
            #expect(text.contains("transformer/\(shards[0]), which transformer/\(whole).index.json lists"), "\(text)")
        }
    }

    @Test(arguments: [
        "diffusion_pytorch_model.safetensors.index.fp16.json", "diffusion_pytorch_model.safetensors.fp16.index.json",
        "diffusion_pytorch_model.fp16.safetensors.index.json",
    ])
    func readsTheVariantInEachPlaceOfAnIndex(name: String) throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            let expected = try bias(ModelFolder(path))
            try shard("\(path)/transformer", index: name)
            // What another variant left changes nothing.
            #expect(WeightFiles("\(path)/transformer", stem: ModelLayout.diffusersStem).file(of: nil) == whole)
            try editTensors("\(path)/transformer/\(whole)") {
                $0["proj_out.bias"] = try $0["proj_out.bias"].map { try $0 + 1 }
            }
            #expect(try bias(ModelFolder(path, variant: "fp16")) == expected)
            #expect(WeightFiles("\(path)/transformer", stem: ModelLayout.diffusersStem).variants == ["fp16"])
        }
    }

    @Test func aVariantIsOfThePartsThatHaveIt() throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            let fp16 = "diffusion_pytorch_model.fp16.safetensors"
            try FileManager.default.moveItem(
                atPath: "\(path)/transformer/\(whole)", toPath: "\(path)/transformer/\(fp16)")
            let model = try ModelFolder(path, variant: "fp16")
            try model.check()
            #expect(model.notes == ["vae has no variant fp16; vae/\(whole) is taken"])
            #expect(
                try ModelFolder(path).notes == ["transformer has no \(whole); transformer/\(fp16) is taken"])
            let text = errorMessage { try ModelFolder(path, variant: "ema").check() }
            #expect(text.contains("none of its parts has the variant ema; there are --variant fp16"), "\(text)")
            try FileManager.default.removeItem(atPath: "\(path)/vae/\(whole)")
            #expect(errorMessage { try model.check() }.contains("has no vae/\(fp16)"))
        }
    }

    /// What lies in a part instead of its weights, and what is said of it.
    @Test(arguments: [
        (
            "diffusion_pytorch_model.ema.safetensors",
            "--variant ema takes transformer/diffusion_pytorch_model.ema.safetensors"
        ),
        ("diffusion_pytorch_model.bin", "'transeg import "),
        ("model.safetensors", "transformer/model.safetensors is there; if it has this part's weights"),
        ("diffusion_pytorch_model-00001-of-00002.safetensors", "is there without the index of its shards"),
        ("model.gguf", "quantized weights are not read"),
    ])
    func namesWhatIsThereInstead(name: String, said: String) throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            try FileManager.default.moveItem(
                atPath: "\(path)/transformer/\(whole)", toPath: "\(path)/transformer/\(name)")
            let text = errorMessage { try ModelFolder(path).check() }
            #expect(text.contains("\(path) has no transformer/\(whole); ") && text.contains(said), "\(text)")
        }
    }

    @Test(arguments: ["bf16", "fp16"])
    func takesRoundedWeightsWhereThereAreNoOthers(variant: String) throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            try FileManager.default.moveItem(
                atPath: "\(path)/vae/\(whole)", toPath: "\(path)/vae/diffusion_pytorch_model.\(variant).safetensors")
            try ModelFolder(path).check()
        }
    }

    @Test(arguments: [
        "transformer/config.json", "vae/config.json", "transformer/diffusion_pytorch_model.safetensors",
        "precomputed_prompt_embeddings/empty_prompt_embeds.pt",
    ])
    func saysThatAFileIsAPointer(name: String) throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            try "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n".write(
                toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
            let text = errorMessage { try ModelFolder(path).check() }
            #expect(text.contains(name) && text.contains("Git LFS pointer") && text.contains("12345"), "\(text)")
        }
    }

    @Test func readsWhatWrappersHaveSaved() throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            let expected = try bias(ModelFolder(path))
            for (part, prefix) in [("transformer", "module._orig_mod."), ("vae", "_orig_mod.")] {
                try editTensors("\(path)/\(part)/\(whole)") { tensors in
                    tensors = Dictionary(uniqueKeysWithValues: tensors.map { (prefix + $0.key, $0.value) })
                }
            }
            try ModelFolder(path).check()
            #expect(try bias(ModelFolder(path)) == expected)
        }
    }

    @Test func theIndexDecides() throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            let part = "\(path)/transformer"
            try shard(part, index: "\(whole).index.json")
            let shards = try FileManager.default.contentsOfDirectory(atPath: part).filter { $0.contains("-of-") }
            try editTensors("\(part)/\(shards[0])") { $0["extra.weight"] = try Tensor.zeros([2]) }
            try ModelFolder(path).check()
        }
    }

    /// The tables that diffusers has stored, of two models, are those that are worked out.
    @Test(arguments: ["tiny-0", "tiny-1", "tiny-2"])
    func worksOutThePositionTable(name: String) throws {
        let model = try ModelFolder("\(goldens)/\(name)")
        let stored = try #require(try model.transformerTensors().tensors[PositionTable.key])
        let made = try PositionTable.make(model.transformerConfiguration())
        #expect(
            try made.to(stored.dtype).to(.float32).array(of: Float.self) == stored.to(.float32).array(of: Float.self))

        try withTemporaryFolder { folder in
            let path = try copyModel(name, into: folder)
            try editTensors("\(path)/transformer/\(whole)") { $0[PositionTable.key] = nil }
            let without = try ModelFolder(path)
            try without.check()
            let (counts, expected) = (try without.parameterCounts(), try model.parameterCounts())
            #expect(counts == expected)
            for folded in [false, true] {
                try without.export(to: "\(folder)/\(folded)", folded: folded, dtype: nil)
                try ModelFolder("\(folder)/\(folded)").check()
            }
            #expect(try readTensors("\(folder)/false/transformer/\(whole)")[PositionTable.key]?.shape == stored.shape)
        }
    }

    /// Its values go beyond float16, and the configuration says so; the norm behind the layer takes the factor out again.
    @Test func theVAEComputesInFloat32WhereFloat16IsTooSmall() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/model"
            try ModelFolder("\(goldens)/tiny-0").export(to: path, folded: false, dtype: .float32)
            try editTensors("\(path)/vae/\(whole)") {
                $0["decoder.conv_in.weight"] = try $0["decoder.conv_in.weight"].map { try $0 * 2e5 }
            }
            func vae(_ dtype: DType) throws -> AutoencoderKL {
                try ModelFolder(path).loadAutoencoder(dtype: dtype, device: .cpu)
            }
            #expect(try vae(.float16).dtype == .float32)
            #expect(try vae(.bfloat16).dtype == .bfloat16)
            #expect(try vae(.float32).dtype == .float32)
            try editJSON("\(path)/vae/config.json") { $0["force_upcast"] = false }
            #expect(try vae(.float16).dtype == .float16)
            // diffusers' default.
            try editJSON("\(path)/vae/config.json") { $0["force_upcast"] = nil }
            #expect(try vae(.float16).dtype == .float32)
        }
    }

    @Test func noticesFilesThatChangeWhileTheyAreRead() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/model"
            try ModelFolder("\(goldens)/tiny-0").export(to: path, folded: false, dtype: .float32)
            let file = "\(path)/vae/\(whole)"
            let model = try ModelFolder(path)
            let vae = try model.loadAutoencoder(dtype: .float32, device: .cpu)
            try model.requireUnchangedFiles()
            // A file that takes its place leaves the mapped one as it was.
            let copy = "\(folder)/copy"
            try FileManager.default.copyItem(atPath: file, toPath: copy)
            #expect(rename(copy, file) == 0)
            try model.requireUnchangedFiles()

            let changed = try ModelFolder(path)
            let other = try changed.loadAutoencoder(dtype: .float32, device: .cpu)
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seekToEnd()
            try handle.seek(toOffset: 5000)
            try handle.write(contentsOf: [0])
            try handle.close()
            let text = withExtendedLifetime((vae, other)) { errorMessage { try changed.requireUnchangedFiles() } }
            #expect(text.contains(file) && text.contains("was changed while it was read"), "\(text)")
            try model.requireUnchangedFiles()
        }
    }
}
