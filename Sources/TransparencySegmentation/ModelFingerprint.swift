import Files
import Foundation
import StableDiffusion3
import Torch

extension ModelFolder {
    /// Tells apart what a folder held at two times, without reading all weights: a SHA-256 over ``contentHash()`` and the paths, sizes and times
    /// of modification of all files that masks depend on. 64 hexadecimal digits.
    package func fingerprint() -> String {
        let hash = SHA256()
        Array(contentHash().utf8).withUnsafeBytes { hash.update($0) }
        hash.add(timesOf: [SegmentationConfiguration.fileName] + partFiles(), in: path)
        return hash.finish()
    }

    /// Tells apart what folders hold, wherever and however old they are, without reading all weights: a SHA-256 over the paths and sizes of the
    /// files of all parts and over bytes here and there in them. 64 hexadecimal digits.
    package func contentHash() -> String {
        let hash = SHA256()
        hash.add(contentOf: partFiles(), in: path)
        return hash.finish()
    }

    /// The files of the parts, by their paths in the folder.
    private func partFiles() -> [String] {
        [
            "transformer", "vae", "precomputed_prompt_embeddings", "text_encoder", "text_encoder_2", "mask_head",
            "local_continuity",
        ].flatMap { part in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(part)")) ?? []
            return names.sorted().map { "\(part)/\($0)" }
        }
    }
}

extension SHA256 {
    fileprivate func add(_ text: String) {
        Array(text.utf8).withUnsafeBytes { update($0) }
    }

    /// Adds the paths, sizes and sampled bytes of files.
    fileprivate func add(contentOf files: [String], in folder: String) {
        for file in files {
            guard let bytes = try? SampledBytes(ofFile: "\(folder)/\(file)") else { continue }
            add("\(file)\t\(bytes.size)\n")
            bytes.bytes.withUnsafeBytes { update($0) }
        }
    }

    /// Adds the paths, sizes and times of modification of files.
    fileprivate func add(timesOf files: [String], in folder: String) {
        for file in files {
            // Of a link, as Hugging Face's cache has them, the file that it leads to.
            let target = URL(fileURLWithPath: "\(folder)/\(file)").resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else { continue }
            let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            add("\(file)\t\(attributes[.size] as? Int ?? 0)\t\(changed)\n")
        }
    }
}

extension Segmenter {
    /// Tells apart what the folder of the small decoder held at two times; nil without one.
    private var decoderFingerprint: String? {
        guard let decoder else { return nil }
        let hash = SHA256()
        hash.add(
            timesOf: ((try? FileManager.default.contentsOfDirectory(atPath: decoder)) ?? []).sorted(), in: decoder)
        return "\(decoder) \(hash.finish())"
    }

    /// What makes masks of what the transformer says, in a few words. A small decoder is told by its content, wherever it lies.
    package var decoding: String {
        if head == .readout { return "a readout" }
        guard let decoder else { return "the VAE's decoder" }
        let hash = SHA256()
        hash.add(
            contentOf: ((try? FileManager.default.contentsOfDirectory(atPath: decoder)) ?? []).sorted(), in: decoder)
        return "the small decoder \(hash.finish().prefix(12))"
    }

    /// The model and its files, and everything about the arithmetic that changes more than rounding: dtype, precision, form, the kind of
    /// device, and libtorch. Threads and a memory limit do not.
    public var identity: [String: String] {
        // Evaluations that earlier versions began know nothing of heads and of small decoders.
        var later = head == .latent ? [:] : ["head": head.rawValue]
        later["decoder"] = decoderFingerprint
        return later.merging([
            "model": model.path, "weights": model.fingerprint(), "variant": model.variant ?? "none",
            "dtype": "\(dtype)", "precision": precision.rawValue, "plain": "\(form == .plain)",
            "device": device.kind.rawValue, "torch": TorchRuntime.loadedVersion ?? TorchRuntime.version,
        ]) { $1 }
    }

    /// What is computed in, for people: `float32`, `float32, products in int8`, or `float16, the VAE in float32`.
    public var arithmetic: String {
        let autoencoder = autoencoderDType == dtype ? "" : ", the VAE in \(autoencoderDType)"
        let decoding = decoder.map { ", decoded by \($0)" } ?? ""
        let products = precision == .exact ? "" : ", products in \(precision == .fast ? "bfloat16" : "int8")"
        return "\(dtype)\(autoencoder)\(products)\(decoding)\(form == .plain ? ", as diffusers" : "")"
    }
}
