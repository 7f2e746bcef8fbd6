package import SegmentationMetrics
package import Torch

extension TrainingSettings {
    /// What a model computes in, by the original's names.
    public enum DataType: String, Codable, Sendable, CaseIterable {
        case bf16, fp16, fp32

        package var dtype: DType {
            switch self {
            case .bf16: .bfloat16
            case .fp16: .float16
            case .fp32: .float32
            }
        }
    }

    /// What of the transformer is trained; `TrainedForm` has the details.
    public enum Trainable: String, Codable, Sendable, CaseIterable {
        case all, folded, lora, head
    }

    /// What of the distribution that the VAE's encoder gives is taken.
    public enum Posterior: String, Codable, Sendable, CaseIterable {
        case sample, mode
    }

    /// Who can be told how a run goes: event files of TensorBoard, Weights & Biases, CSV files.
    public enum Tracker: String, Codable, Sendable, CaseIterable {
        case tensorboard, wandb, csv
    }

    /// Easy or hard validation pictures, or all of them.
    public enum ValidationDifficulty: String, Codable, Sendable, CaseIterable {
        case easy, hard, mix

        package var difficulty: Difficulty? { Difficulty(rawValue: rawValue) }
    }

    /// What each of several processes keeps its share of alone (Rajbhandari et al., ZeRO, arXiv 1910.02054): nothing, the optimizer's state
    /// (stage 1), gradients as well (2), weights as well (3).
    public enum Sharding: String, Codable, Sendable, CaseIterable {
        case none, optimizer, gradients, full
    }

    /// What is kept away from the device: nothing, the float32 state of the optimizer, the weights to compute with as well.
    public enum Offload: String, Codable, Sendable, CaseIterable {
        case none, optimizer, all
    }
}
