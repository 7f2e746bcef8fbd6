import Foundation
import TestSupport
import Testing
import Torch

@testable import StableDiffusion3

@Suite struct ModelLocationTests {
    private let commits = ["a", "b"].map { String(repeating: $0, count: 40) }

    /// A cache with a model at so many commits, without `refs/main`.
    private func withCache(
        _ count: Int, _ body: (_ repository: String, _ environment: [String: String]) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let repository = "\(folder)/models--acme--glass"
            try FileManager.default.createDirectory(
                atPath: "\(repository)/snapshots", withIntermediateDirectories: true)
            for commit in commits.prefix(count) {
                try FileManager.default.copyItem(
                    atPath: "\(goldens)/tiny-0", toPath: "\(repository)/snapshots/\(commit)")
            }
            try body(repository, ["HF_HUB_CACHE": folder])
        }
    }

    @Test func takesTheOnlySnapshot() throws {
        try withCache(1) { repository, environment in
            let snapshot = "\(repository)/snapshots/\(commits[0])"
            let names = [
                "acme/glass", repository, "\(repository)//", "\(repository)/snapshots", "\(snapshot)/", "acme/glass/",
                "https://huggingface.co/acme/glass", "hf.co/acme/glass/tree/main?x=1", "hf://acme/glass",
            ]
            for name in names {
                let found = try ModelFolder(name, environment: environment).path
                #expect(found == snapshot, "\(name)")
            }
            let short = try ModelFolder("acme/glass", revision: "aaaaaaa", environment: environment).path
            let page = try ModelFolder("https://huggingface.co/acme/glass/tree/aaaaa", environment: environment).path
            #expect(short == snapshot && page == snapshot)
            let text = errorMessage { _ = try ModelFolder("acme/glass", revision: "v2", environment: environment) }
            #expect(text.contains("it has \(commits[0]), which --revision takes"), "\(text)")
            #expect(text.contains("hf download acme/glass --revision v2"), "\(text)")
        }
    }

    @Test func asksWhichOfSeveralSnapshots() throws {
        try withCache(2) { repository, environment in
            for name in ["acme/glass", repository] {
                let text = errorMessage { _ = try ModelFolder(name, environment: environment) }
                #expect(text.contains("--revision: \(commits[0]), \(commits[1])"), "\(text)")
            }
            let short = try ModelFolder("acme/glass", revision: "bbbb", environment: environment).path
            #expect(short.hasSuffix(commits[1]))
            let unknown = errorMessage { _ = try ModelFolder("acme/glass", revision: "bbb", environment: environment) }
            #expect(unknown.contains("the revision bbb of acme/glass is not in"))
            try FileManager.default.createDirectory(atPath: "\(repository)/refs", withIntermediateDirectories: true)
            try "\(commits[1])\n".write(toFile: "\(repository)/refs/main", atomically: true, encoding: .utf8)
            let main = try ModelFolder(repository, environment: environment).path
            #expect(main.hasSuffix(commits[1]))
        }
    }

    @Test func saysThatADownloadWasNotFinished() throws {
        try withCache(0) { repository, environment in
            try FileManager.default.createDirectory(atPath: "\(repository)/blobs", withIntermediateDirectories: true)
            try "".write(toFile: "\(repository)/blobs/ab.incomplete", atomically: true, encoding: .utf8)
            try FileManager.default.removeItem(atPath: "\(repository)/snapshots")
            let text = errorMessage { _ = try ModelFolder("acme/glass", environment: environment) }
            #expect(text.contains("its download was not finished; download it with: hf download acme/glass"), "\(text)")
        }
        try withCache(1) { repository, environment in
            let file = "\(repository)/snapshots/\(commits[0])/vae/diffusion_pytorch_model.safetensors"
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "../../../blobs/ab")
            let model = try ModelFolder(repository, environment: environment)
            let text = errorMessage { _ = try model.loadAutoencoder(dtype: .float32, device: .cpu) }
            #expect(
                text.contains("has no vae/diffusion_pytorch_model.safetensors; its download was not finished"),
                "\(text)")
            #expect(text.contains("hf download acme/glass"), "\(text)")
        }
    }

    @Test func namesTheModelsOfACache() throws {
        try withCache(1) { repository, environment in
            let cache = (repository as NSString).deletingLastPathComponent
            let text = errorMessage { _ = try ModelFolder(cache, environment: environment).transformerConfiguration() }
            #expect(text.contains("name a model of it: acme/glass"), "\(text)")
        }
    }

    @Test(arguments: [
        (["HF_HOME": "$BASE/hf", "BASE": "/b"], "/b/hf/hub"), (["HF_HOME": "${BASE}/hf", "BASE": "/b"], "/b/hf/hub"),
        (["HF_HUB_CACHE": "/a/$NONE"], "/a/$NONE"), (["HOME": "/h", "HF_HUB_CACHE": "~/hub"], "/h/hub"),
        (["HOME": "/h", "XDG_CACHE_HOME": "~/c"], "/h/c/huggingface/hub"),
        (["HF_HOME": "", "HOME": "/h"], "/h/.cache/huggingface/hub"),
        (["HUGGINGFACE_HUB_CACHE": "/c", "HF_HUB_CACHE": "/d"], "/d"),
    ])
    func readsVariablesAsTheirOwner(environment: [String: String], root: String) {
        #expect(HuggingFaceCache(environment: environment).root == root)
    }

    @Test func saysWhatAFileIs() throws {
        try withTemporaryFolder { folder in
            func text(_ path: String) -> String { errorMessage { _ = try ModelFolder(path) } }
            func write(_ content: String, _ name: String) throws -> String {
                try content.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
                return "\(folder)/\(name)"
            }
            let conversion = "'transeg import "
            let transformer = "\(folder)/sd3.5_medium.safetensors"
            try FileManager.default.copyItem(
                atPath: "\(goldens)/tiny-0/transformer/diffusion_pytorch_model.safetensors", toPath: transformer)
            #expect(text(transformer).contains("is a file, and a model is a folder"))
            #expect(
                text(transformer).contains("a transformer in diffusers' layout")
                    && text(transformer).contains(conversion))
            let ckpt = try text(write("PK", "model.ckpt"))
            #expect(ckpt.contains("is a file") && ckpt.contains(conversion), "\(ckpt)")
            #expect(try text(write("GGUF....", "model.gguf")).contains("quantized weights (GGUF), which are not read"))
            #expect(try text(write("PK", "model.zip")).contains("it is an archive: unpack it"))
            #expect(try text(write("PK", "model.dduf")).contains("dduf_file='model.dduf'"))
            let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 77\n"
            #expect(try text(write(pointer, "x.safetensors")).contains("a Git LFS pointer"))
            let part = "\(goldens)/tiny-0/vae/diffusion_pytorch_model.safetensors"
            #expect(text(part).contains("is a file of the model folder \(goldens)/tiny-0; name the folder"))
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/gone", withDestinationPath: "/nowhere")
            #expect(text("\(folder)/gone").contains("is a link to /nowhere, which is not there"))
            #expect(text("https://example.com/model").contains("nothing is downloaded"))
            #expect(text("https://huggingface.co/datasets/a/b").contains("not the page of a model"))
        }
    }

    @Test(arguments: [
        (["model.diffusion_model.joint_blocks.0.x"], WeightLayout.singleFile),
        (["transformer.transformer_blocks.0.attn.to_q.lora_A.weight"], .adapter),
        (["double_blocks.0.x"], .other("a Flux model")),
        (["model.diffusion_model.input_blocks.0.x"], .other("a Stable Diffusion 1, 2 or XL model")),
        (["encoder.down_blocks.0.x", "decoder.up_blocks.0.x"], .autoencoder),
    ])
    func knowsLayoutsByTheirKeys(keys: [String], layout: WeightLayout) { #expect(WeightLayout(of: keys) == layout) }

    /// Folders that are no model's, and what is said of them.
    @Test func saysWhatAFolderIs() throws {
        try withTemporaryFolder { folder in
            func text(_ name: String) -> String {
                errorMessage { _ = try ModelFolder("\(folder)/\(name)").transformerConfiguration() }
            }
            func make(_ name: String) throws {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            func write(_ content: String, _ name: String) throws {
                try make((name as NSString).deletingLastPathComponent)
                try content.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            try make("empty")
            #expect(text("empty").contains("the folder is empty"))
            try make("run/checkpoint-20")
            try write("{}", "run/checkpoint-100/trainer_state.json")
            #expect(text("run").contains("'transeg export \(folder)/run/checkpoint-100 FOLDER'"))
            #expect(text("run/checkpoint-100").contains("it is a checkpoint of training"))
            _ = try copyModel("tiny-0", into: folder)
            try FileManager.default.copyItem(atPath: "\(folder)/tiny-0", toPath: "\(folder)/run/model")
            #expect(text("run").contains("whose model is \(folder)/run/model"))
            #expect(text("tiny-0/vae").contains("one part of the model folder \(folder)/tiny-0; name that"))
            #expect(text("").contains("\(folder)/tiny-0 is a model folder; name that"))
            try write(#"{"_class_name": "FluxPipeline"}"#, "flux/model_index.json")
            #expect(text("flux").contains("of FluxPipeline; only Stable Diffusion 3 models"))
            try write("x", "single/sd3.safetensors")
            #expect(text("single").contains("'transeg import \(folder)/single/sd3.safetensors FOLDER"))
        }
    }
}
