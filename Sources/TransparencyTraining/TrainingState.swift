import TorchNN
package import TorchTraining
import TransparencySegmentation

/// How far a run is: what a checkpoint keeps beside weights and the optimiser's moments.
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
    /// The best validation so far.
    public var best: Best?

    /// The checkpoint with the greatest IoU.
    public struct Best: Codable, Equatable, Sendable {
        public var step: Int
        public var iou: Double
    }

    enum CodingKeys: String, CodingKey {
        case settings, step, cursor, best
        case filesHash = "files_hash"
        case skippedInARow = "skipped_in_a_row"
        case lossScale = "loss_scale"
    }

    public init(settings: TrainingSettings, filesHash: String) {
        (self.settings, self.filesHash) = (settings, filesHash)
        lossScale = settings.dataType == .fp16 ? LossScale() : nil
    }
}

/// What one update did.
public struct TrainingUpdate: Codable, Sendable, Equatable {
    /// From 1 on.
    public var step: Int
    public var epoch: Double
    public var loss: Double
    public var lr: Double
    /// Before clipping.
    public var gradNorm: Double
    /// Whether loss or norm was not finite, so that the weights are as before.
    public var skipped: Bool
    public var seconds: Double
    /// Of these, spent waiting for pictures.
    public var dataWait: Double
    /// The most bytes taken so far: on an accelerator its tensors, on the CPU all of the process.
    public var memory: Int

    enum CodingKeys: String, CodingKey {
        case step, epoch, loss, lr, skipped, seconds, memory
        case gradNorm = "grad_norm"
        case dataWait = "data_wait"
    }
}
