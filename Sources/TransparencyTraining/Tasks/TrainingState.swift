import TorchNN
package import TorchTraining
import TransparencySegmentation

/// How far a run is: what a checkpoint keeps beside weights and the optimizer's moments.
public struct TrainingState: Codable, Equatable, Sendable {
    public var settings: TrainingSettings
    /// A hash of the list of training files.
    public var filesHash: String
    /// Updates so far, skipped ones too.
    public var step = 0
    /// Samples so far.
    public var cursor = 0
    /// Updates in a row that were skipped because a loss or norm was not finite.
    public var skippedInARow = 0
    /// What the loss is multiplied by for the gradients; with float16 only.
    package var lossScale: LossScale?
    /// Whether the model of this step is still to be looked at.
    package var validationIsPending = false
    /// Hashes of the base model's files and of the repair plan; nil in checkpoints of earlier versions, the second one also without a plan.
    package var baseHash: String?
    package var planHash: String?
    /// The best validation so far.
    public var best: Best?

    /// The checkpoint with the greatest IoU.
    public struct Best: Codable, Equatable, Sendable {
        public var step: Int
        public var iou: Double
    }

    /// Of the file.
    static let version = 1

    enum CodingKeys: String, CodingKey {
        case settings, step, cursor, best
        case formatVersion = "format_version"
        case filesHash = "files_hash"
        case skippedInARow = "skipped_in_a_row"
        case lossScale = "loss_scale"
        case validationIsPending = "validation_is_pending"
        case baseHash = "base_hash"
        case planHash = "plan_hash"
    }

    public init(settings: TrainingSettings, filesHash: String) {
        (self.settings, self.filesHash) = (settings, filesHash)
        lossScale = settings.model.dataType == .fp16 ? LossScale() : nil
    }

    /// A file without a version is of the first one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let version = try container.decodeIfPresent(Int.self, forKey: .formatVersion) ?? Self.version
        guard version <= Self.version else {
            throw DecodingError.dataCorruptedError(
                forKey: .formatVersion, in: container,
                debugDescription: "its format is \(version), of a later version of transeg")
        }
        settings = try container.decode(TrainingSettings.self, forKey: .settings)
        filesHash = try container.decode(String.self, forKey: .filesHash)
        step = try container.decode(Int.self, forKey: .step)
        cursor = try container.decode(Int.self, forKey: .cursor)
        skippedInARow = try container.decodeIfPresent(Int.self, forKey: .skippedInARow) ?? 0
        lossScale = try container.decodeIfPresent(LossScale.self, forKey: .lossScale)
        validationIsPending = try container.decodeIfPresent(Bool.self, forKey: .validationIsPending) ?? false
        baseHash = try container.decodeIfPresent(String.self, forKey: .baseHash)
        planHash = try container.decodeIfPresent(String.self, forKey: .planHash)
        best = try container.decodeIfPresent(Best.self, forKey: .best)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.version, forKey: .formatVersion)
        try container.encode(settings, forKey: .settings)
        try container.encode(filesHash, forKey: .filesHash)
        try container.encode(step, forKey: .step)
        try container.encode(cursor, forKey: .cursor)
        try container.encode(skippedInARow, forKey: .skippedInARow)
        try container.encodeIfPresent(lossScale, forKey: .lossScale)
        if validationIsPending { try container.encode(true, forKey: .validationIsPending) }
        try container.encodeIfPresent(baseHash, forKey: .baseHash)
        try container.encodeIfPresent(planHash, forKey: .planHash)
        try container.encodeIfPresent(best, forKey: .best)
    }
}
