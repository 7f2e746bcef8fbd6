import Files
import Foundation
import Safetensors
import StableDiffusion3
import Torch
import TorchNN
import TorchTraining
import TransparencyData
import TransparencySegmentation

/// A folder that keeps what the VAE makes of pictures and masks, so that it is made once.
///
/// A file's name is a hash of all that its content follows from: the VAE's weights, both files of the pair and how they are read, size,
/// dtype, flip. So what has changed has another name, and several runs may share a folder. The distribution's
/// parameters are kept, not a draw from it.
struct LatentCache: Sendable {
    let folder: String
    private let dataset: Dataset
    /// What all files have in common.
    private let identity: String
    private let keepsPictures: Bool

    private static let tensorName = "parameters"
    /// Of a file; one that says none is of the first.
    private static let version = 1
    private static let versionName = "format_version"

    /// What of a pair is kept.
    enum Content: Sendable {
        case picture
        case mask(isFlipped: Bool)
    }

    /// Makes the folder.
    ///
    /// - Parameters:
    ///   - dataset: What pairs are of.
    ///   - reading: How pictures are read.
    ///   - dataType: What the VAE computes in.
    /// - Throws: `FileError` and `FileReadError`.
    init(
        _ folder: String, model: ModelFolder, dataset: Dataset, reading: TrainingSamples,
        dataType: TrainingSettings.DataType
    ) throws {
        try makeFolder(folder)
        (self.folder, self.dataset, keepsPictures) = (folder, dataset, !reading.isAugmented)
        let vae = try model.autoencoderFiles().map { try SHA256.digest(ofFile: $0) }
        // Latents in bfloat16 were once made with channels first, which rounds otherwise.
        let layout = dataType == .bf16 ? ["channels_last"] : []
        identity = (vae + ["\(reading.side)", dataType.rawValue, reading.target.rawValue] + layout)
            .joined(separator: " ")
    }

    /// The hash of a pair as it is on disk now; the beginning of its keys. Throws `FileReadError`.
    func hash(of pair: DatasetPair) throws -> String {
        try SHA256.digest(ofFile: dataset.file(pair.picture)) + SHA256.digest(ofFile: dataset.file(pair.mask))
            + pair.repairs.map(\.rawValue).joined(separator: ",")
    }

    /// nil for what is another every time: a picture that is augmented.
    func key(_ content: Content, pairHash: String) -> String? {
        switch content {
        case .picture:
            keepsPictures ? SHA256.digest(of: "picture \(identity) \(pairHash)".utf8) : nil
        case .mask(let isFlipped): SHA256.digest(of: "mask \(isFlipped) \(identity) \(pairHash)".utf8)
        }
    }

    private func path(_ key: String) -> String { "\(folder)/\(key.prefix(2))/\(key).safetensors" }

    /// What is kept under a key; nil when nothing is, or nothing that can be read.
    ///
    /// Throws ``TrainingError/laterFormat(_:version:)``.
    func kept(_ key: String) throws -> KeptLatent? {
        guard PlainFile.exists(path(key)), let file = try? SafetensorsFile(path: path(key)) else { return nil }
        if let version = file.metadata[Self.versionName].flatMap({ Int($0) }), version > Self.version {
            throw TrainingError.laterFormat(path(key), version: version)
        }
        guard let info = file.tensors[Self.tensorName], let dtype = DType(stored: info.dtype) else { return nil }
        return KeptLatent(file: file, name: Self.tensorName, dtype: dtype)
    }

    /// Keeps parameters `[1, 32, h, w]`. Throws what writing throws.
    func keep(_ parameters: Tensor, key: String) throws {
        try makeFolder(parentFolder(of: path(key)))
        try SafetensorsWriter.write(
            to: path(key), metadata: ["format": "pt", Self.versionName: "\(Self.version)"],
            entries: [SafetensorsEntry(Self.tensorName, parameters.to(parameters.dtype, device: .cpu))])
    }
}

/// Parameters that a cache holds, not yet read.
struct KeptLatent: Sendable {
    fileprivate let file: SafetensorsFile
    fileprivate let name: String
    fileprivate let dtype: DType

    /// `[1, 32, h, w]`.
    func tensor() throws -> Tensor {
        let shape = file.tensors[name]?.shape ?? []
        return try file.withUnsafeBytes(of: name) { try Tensor(copying: $0, shape: shape, dtype: dtype) }
    }
}
