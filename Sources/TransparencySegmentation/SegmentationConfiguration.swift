import Files
package import Foundation
package import StableDiffusion3
package import Torch

/// What the picture that a model predicts shows.
public enum MaskTarget: String, Codable, Sendable, CaseIterable {
    /// White where something is transparent, black elsewhere.
    case binary
    /// Trans10K's colors: things red, stuff white, black elsewhere.
    case color

    /// The target of a name; that of earlier versions, `colour`, is taken too.
    package init?(name: String) { self.init(rawValue: name == "colour" ? "color" : name) }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let target = MaskTarget(name: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(text) is neither binary nor color"))
        }
        self = target
    }
}

/// What a transformer's output is to the mask's latent.
///
/// Stable Diffusion 3 was trained to give noise − data, so that a direct prediction begins with the wrong sign.
public enum PredictionType: String, Codable, Sendable, CaseIterable {
    /// The output is the mask's latent.
    case direct
    /// The mask's latent is −output.
    case negated
    /// The mask's latent is the picture's latent − output.
    case residual

    /// The mask's latent; all tensors `[N, 16, h, w]`.
    package func mask(output: Tensor, picture: Tensor) throws -> Tensor {
        switch self {
        case .direct: output
        case .negated: try output * -1
        case .residual: try picture - output
        }
    }
}

/// How a model was trained to be used: the file `segmentation_config.json` of a model folder. Where there is none, the model is the
/// original's: binary, direct.
public struct SegmentationConfiguration: Codable, Equatable, Sendable {
    public var target = MaskTarget.binary
    public var predictionType = PredictionType.direct
    /// Of the one pass, 0…1000; what it means is worked into a folded transformer.
    public var timestep = segmentationTimestep

    enum CodingKeys: String, CodingKey {
        case target, timestep
        case predictionType = "prediction_type"
    }

    public init(
        target: MaskTarget = .binary, predictionType: PredictionType = .direct, timestep: Double = 1000
    ) {
        (self.target, self.predictionType, self.timestep) = (target, predictionType, timestep)
    }

    /// Reads `output_form` too, as files of earlier versions have it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        target = try container.decode(MaskTarget.self, forKey: .target)
        let former = try decoder.container(keyedBy: FormerKeys.self)
        predictionType =
            try container.decodeIfPresent(PredictionType.self, forKey: .predictionType)
            ?? former.decode(PredictionType.self, forKey: .outputForm)
        timestep = try container.decodeIfPresent(Double.self, forKey: .timestep) ?? segmentationTimestep
        guard (0...1000).contains(timestep) else {
            throw DecodingError.dataCorruptedError(
                forKey: .timestep, in: container, debugDescription: "\(timestep) is no number from 0 to 1000")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(target, forKey: .target)
        try container.encode(predictionType, forKey: .predictionType)
        // Earlier versions know of no other.
        if timestep != segmentationTimestep { try container.encode(timestep, forKey: .timestep) }
    }

    private enum FormerKeys: String, CodingKey {
        case outputForm = "output_form"
    }

    /// The file's name in a model folder.
    public static let fileName = "segmentation_config.json"

    /// What a folder says. Throws ``SegmentationError/configuration(file:reason:)``.
    package init(of folder: ModelFolder) throws {
        let file = "\(folder.path)/\(Self.fileName)"
        let data: Data
        do {
            data = try PlainFile.contents(of: file)
        } catch let error as FileReadError {
            guard error.isMissing else { throw SegmentationError.configuration(file: file, reason: error.reason) }
            self.init()
            return
        }
        if let pointer = GitLFSPointer(data) {
            throw SegmentationError.configuration(file: file, reason: "it is \(pointer.fault)")
        }
        if let key = duplicateKey(inJSON: data) {
            throw SegmentationError.configuration(file: file, reason: "it has \(key) twice; remove one of the two")
        }
        do {
            self = try JSONDecoder().decode(SegmentationConfiguration.self, from: data)
        } catch {
            throw SegmentationError.configuration(
                file: file,
                reason:
                    "target (binary, color), prediction_type (direct, negated, residual) and perhaps a timestep from 0 to 1000 were expected"
            )
        }
    }

    /// The file's content.
    package func data() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}

extension ModelFolder {
    /// Writes the model as a folder of its own, as ``export(to:folded:dtype:transformer:heads:timestep:extraFiles:replacing:)`` does, with how it
    /// is used.
    ///
    /// - Parameters:
    ///   - heads: What comes after the transformer's last norm; nil for what the folder has and `head` does not leave out.
    package func exportForSegmentation(
        to path: String, folded: Bool, dtype: DType?, transformer: TransformerWeights? = nil,
        heads: [HeadWeights]? = nil, head: MaskHead? = nil, usage: SegmentationConfiguration? = nil,
        replacing replaces: Bool = false
    ) throws {
        let usage = try usage ?? SegmentationConfiguration(of: self)
        let heads = try heads ?? ownHeads(head)
        var files = usage == SegmentationConfiguration() ? [:] : [SegmentationConfiguration.fileName: try usage.data()]
        // The temperature is that of these weights, not of others that are put in their place.
        if transformer == nil { files[ModelCalibration.fileName] = try ModelCalibration(of: self)?.encoded() }
        try export(
            to: path, folded: folded, dtype: dtype, transformer: transformer, heads: heads, timestep: usage.timestep,
            extraFiles: files, replacing: replaces)
    }
}

extension ModelImport {
    /// Writes the folder as ``write(to:dtype:heads:extraFiles:progress:)`` does, with how it is used and its heads: as the base, where that was changed.
    package func writeForSegmentation(
        to path: String, dtype: DType?, base: ModelFolder?, progress: @escaping (_ done: Int, _ count: Int) -> Void
    ) throws {
        let usage = try continuesBase ? base.map { try SegmentationConfiguration(of: $0) } ?? .init() : .init()
        let files = usage == SegmentationConfiguration() ? [:] : [SegmentationConfiguration.fileName: try usage.data()]
        let heads = try continuesBase ? base?.ownHeads() ?? [] : []
        try write(to: path, dtype: dtype, heads: heads, extraFiles: files, progress: progress)
    }
}
