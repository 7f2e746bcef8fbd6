import Files
import Foundation
import Safetensors

/// What a person names to be imported: a file of weights, or a folder that has some.
struct ImportSource {
    let weights: ImportedWeights
    /// The folder of the weights, where a configuration may lie.
    let folder: String

    private static let stems = [
        "diffusion_pytorch_model", "model", "pytorch_model", "pytorch_lora_weights", "adapter_model",
    ]
    private static let endings = [".safetensors.index.json", ".safetensors", ".bin.index.json", ".bin"]
    private static let suffixes = ["safetensors", "bin", "pt", "pth", "ckpt", "sft"]

    /// Throws ``ImportError``, `SafetensorsError`.
    init(_ path: String) throws {
        if isFolder(path) {
            self = try Self.folder(path)
        } else if PlainFile.exists(path) {
            self = try Self.file(path)
        } else {
            throw ImportError("there is no file or folder \(path)")
        }
    }

    private init(weights: ImportedWeights, folder: String) {
        (self.weights, self.folder) = (weights, folder)
    }

    private static func file(_ path: String) throws -> ImportSource {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let name = (path as NSString).lastPathComponent
        if name.hasSuffix(ZeROCheckpoint.optimizerSuffix)
            || (name.hasSuffix(ZeROCheckpoint.modelSuffix) && isZeRO(folder))
        {
            throw ImportError("\(path) is one file of a DeepSpeed checkpoint; name its folder \(folder)")
        }
        if name.hasSuffix(".json") {
            guard name.hasSuffix(".index.json") else {
                throw ImportError(
                    "\(path) is no file of weights; name one that ends in .safetensors, .bin, .pt or .index.json")
            }
            return ImportSource(
                weights: name.hasSuffix(".bin.index.json") ? try .init(torch: path) : try .init(safetensors: path),
                folder: folder)
        }
        let beginning = [UInt8](try PlainFile.contents(of: path, limit: 1023))
        if let pointer = GitLFSPointer(beginning) { throw ImportError("\(path) is \(pointer.fault)") }
        if beginning.starts(with: "GGUF".utf8) {
            throw ImportError(
                "\(path) holds quantized weights (GGUF), which are not read; take the model that it was made from")
        }
        // By content: what ends in .ckpt or .bin may be either.
        let isZip = beginning.starts(with: [0x50, 0x4B])
        let isTorch =
            isZip || beginning.starts(with: [0x80])
            || ["bin", "pt", "pth", "ckpt"].contains((name as NSString).pathExtension)
        let isSafetensors = beginning.count > 8 && beginning[8] == UInt8(ascii: "{")
        return ImportSource(
            weights: isTorch && !isSafetensors ? try .init(torch: path) : try .init(safetensors: path), folder: folder)
    }

    private static func folder(_ path: String) throws -> ImportSource {
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        if isZeRO(path) { return try zero(path) }
        if let tag = try latest(path) ?? (isZeRO("\(path)/pytorch_model") ? "pytorch_model" : nil) {
            return try folder("\(path)/\(tag)")
        }
        if names.contains("\(ModelLayout.transformer)"), isFolder("\(path)/\(ModelLayout.transformer)") {
            throw ImportError(
                "\(path) is a model folder already; 'transeg export' converts such, and \(path)/\(ModelLayout.transformer) names its transformer alone"
            )
        }
        for stem in stems {
            if let ending = endings.first(where: { names.contains(stem + $0) }) {
                return try file("\(path)/\(stem)\(ending)")
            }
        }
        let files = names.filter {
            suffixes.contains(($0 as NSString).pathExtension) && PlainFile.exists("\(path)/\($0)")
        }
        guard let only = files.first, files.count == 1 else {
            if files.count > 1 {
                throw ImportError(
                    "\(path) has \(files.count) files of weights: \(ImportError.list(files)); name one of them")
            }
            let remedy = FolderLook(path).remedy.map { "; \($0)" } ?? ""
            throw ImportError("\(path) has no file of weights and no DeepSpeed checkpoint\(remedy)")
        }
        return try file("\(path)/\(only)")
    }

    private static func isZeRO(_ folder: String) -> Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).contains {
            $0.hasSuffix(ZeROCheckpoint.optimizerSuffix) || $0 == "mp_rank_00\(ZeROCheckpoint.modelSuffix)"
        }
    }

    private static func zero(_ folder: String) throws -> ImportSource {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        guard names.contains(where: { $0.hasSuffix(ZeROCheckpoint.optimizerSuffix) }) else {
            // Without ZeRO the module has all its weights.
            return ImportSource(
                weights: try .init(torch: "\(folder)/mp_rank_00\(ZeROCheckpoint.modelSuffix)"), folder: folder)
        }
        let checkpoint = try ZeROCheckpoint(folder: folder)
        return ImportSource(
            weights: ImportedWeights(
                source: folder,
                kind: "a DeepSpeed checkpoint (ZeRO stage \(checkpoint.stage), \(checkpoint.processCount) "
                    + "\(checkpoint.processCount == 1 ? "process" : "processes"))",
                tensors: checkpoint.tensors, requireUnchanged: checkpoint.requireUnchanged),
            folder: folder)
    }

    /// The folder that DeepSpeed's file `latest` names.
    private static func latest(_ folder: String) throws -> String? {
        guard PlainFile.exists("\(folder)/latest") else { return nil }
        let tag = String(decoding: try PlainFile.contents(of: "\(folder)/latest", limit: 1023), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard !tag.isEmpty, !tag.contains("/"), tag != "..", tag != ".", isFolder("\(folder)/\(tag)") else {
            throw ImportError("\(folder)/latest names \(tag.debugDescription), and there is no such folder beside it")
        }
        return tag
    }
}
