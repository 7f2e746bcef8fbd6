import Foundation
package import StableDiffusion3
import Torch
import TorchNN
package import TorchTraining
import TransparencyData
public import TransparencySegmentation

/// All that the numbers of a training run depend on. The defaults are the original's recipe.
public struct TrainingSettings: Codable, Equatable, Sendable {
    /// The model that is fine-tuned: a folder in diffusers' layout or a Hugging Face id.
    public var baseModelPath = ""
    /// The data set's folder.
    public var datasetPath = ""
    /// A repair plan's path, where one is applied.
    public var plan: String?
    /// What the model computes in; the weights themselves are float32.
    public var dataType = DataType.bf16
    /// The side of the square that pictures are brought to.
    public var resolution = 1024
    public var epochs = 43
    /// Updates in all; nil for ``epochs`` epochs.
    public var maxTrainSteps: Int?
    public var trainBatchSize = 4
    public var gradientAccumulationSteps = 2
    /// The rate after warming up, before scaling.
    public var lr = 2e-6
    /// Whether the rate is multiplied by the pictures of an update, as the original does.
    public var scaleLr = true
    public var minLrRatio = 0.1
    public var lrCycles = 3.5
    /// Updates of warm-up; nil for ``lrWarmupEpochs`` epochs.
    public var lrWarmupSteps: Int?
    public var lrWarmupEpochs = 1.0
    public var adamBeta1 = 0.9
    public var adamBeta2 = 0.999
    public var adamWeightDecay = 0.0
    public var adamEpsilon = 1e-15
    public var maxGradNorm = 1.0
    public var seed: UInt64 = 0
    public var shuffle = true
    public var augment = true
    public var vaePosterior = Posterior.sample
    /// What of the transformer is trained.
    public var trainable = Trainable.all
    public var loraRank = 16
    /// Names of linear layers with commas between, or the ends of such names.
    public var loraTargets = TrainedForm.standardTargets.joined(separator: ",")
    /// What the picture that the model predicts shows.
    package var target = MaskTarget.binary
    /// What the transformer's output means.
    package var outputForm = OutputForm.direct
    /// The share that an average of the weights keeps of itself in an update; nil for no average.
    public var emaDecay: Double?

    /// What a model computes in, by the original's names.
    public enum DataType: String, Codable, Sendable, CaseIterable {
        case bf16, fp16, fp32

        var dtype: DType {
            switch self {
            case .bf16: .bfloat16
            case .fp16: .float16
            case .fp32: .float32
            }
        }
    }

    /// What of the transformer is trained; ``TrainedForm`` has the details.
    public enum Trainable: String, Codable, Sendable, CaseIterable {
        case all, folded, lora
    }

    /// What of the distribution that the VAE's encoder gives is taken.
    public enum Posterior: String, Codable, Sendable, CaseIterable {
        case sample, mode
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case baseModelPath = "base_model_path"
        case datasetPath = "dataset_path"
        case plan
        case dataType = "data_type"
        case resolution, epochs
        case maxTrainSteps = "max_train_steps"
        case trainBatchSize = "train_batch_size"
        case gradientAccumulationSteps = "gradient_accumulation_steps"
        case lr
        case scaleLr = "scale_lr"
        case minLrRatio = "min_lr_ratio"
        case lrCycles = "lr_cycles"
        case lrWarmupSteps = "lr_warmup_steps"
        case lrWarmupEpochs = "lr_warmup_epochs"
        case adamBeta1 = "adam_beta1"
        case adamBeta2 = "adam_beta2"
        case adamWeightDecay = "adam_weight_decay"
        case adamEpsilon = "adam_epsilon"
        case maxGradNorm = "max_grad_norm"
        case seed, shuffle, augment
        case vaePosterior = "vae_posterior"
        case trainable
        case loraRank = "lora_rank"
        case loraTargets = "lora_targets"
        case target
        case outputForm = "output_form"
        case emaDecay = "ema_decay"
    }

    public init() {}

    /// Pictures of one update.
    public var effectiveBatchSize: Int { trainBatchSize * gradientAccumulationSteps }

    /// Updates of an epoch of so many pictures; the last one of an epoch goes over into the next.
    public func stepsPerEpoch(pictureCount: Int) -> Int {
        (pictureCount + effectiveBatchSize - 1) / effectiveBatchSize
    }

    /// Updates in all.
    public func totalSteps(pictureCount: Int) -> Int {
        maxTrainSteps ?? epochs * stepsPerEpoch(pictureCount: pictureCount)
    }

    /// The rate of each update.
    package func schedule(pictureCount: Int) -> LearningRateSchedule {
        LearningRateSchedule(
            peak: scaleLr ? lr * Double(effectiveBatchSize) : lr,
            warmupSteps: lrWarmupSteps
                ?? Int((lrWarmupEpochs * Double(stepsPerEpoch(pictureCount: pictureCount))).rounded()),
            totalSteps: totalSteps(pictureCount: pictureCount), cycles: lrCycles, floorRatio: minLrRatio)
    }

    /// ``trainable`` with what belongs to it.
    package var trainedForm: TrainedForm {
        switch trainable {
        case .all: .all
        case .folded: .folded
        case .lora:
            .lora(
                rank: loraRank,
                targets: loraTargets.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
        }
    }

    /// How a model that these settings train is used.
    package var usage: SegmentationConfiguration { SegmentationConfiguration(target: target, outputForm: outputForm) }

    var optimizer: AdamW.Settings {
        AdamW.Settings(beta1: adamBeta1, beta2: adamBeta2, weightDecay: adamWeightDecay, eps: adamEpsilon)
    }

    /// A setting that makes no sense.
    public struct Problem: Sendable, Equatable {
        /// The setting's name.
        public let setting: String
        /// A phrase that names setting and value.
        public let text: String
    }

    /// Everything that makes no sense; empty for sound settings.
    public func problems() -> [Problem] {
        var problems: [Problem] = []
        func require(_ isRight: Bool, _ key: CodingKeys, _ value: Any, _ expected: String) {
            guard !isRight else { return }
            problems.append(
                Problem(setting: key.rawValue, text: "\(key.rawValue) is \(value); \(expected) was expected"))
        }
        require(resolution > 0 && resolution % 16 == 0, .resolution, resolution, "a multiple of 16")
        require(epochs > 0, .epochs, epochs, "a number from 1 on")
        require(maxTrainSteps ?? 1 > 0, .maxTrainSteps, maxTrainSteps ?? 0, "a number from 1 on")
        require(trainBatchSize > 0, .trainBatchSize, trainBatchSize, "a number from 1 on")
        require(
            gradientAccumulationSteps > 0, .gradientAccumulationSteps, gradientAccumulationSteps, "a number from 1 on")
        require(lr > 0 && lr.isFinite, .lr, lr, "a number above 0")
        require((0...1).contains(minLrRatio), .minLrRatio, minLrRatio, "a share of 0 to 1")
        require(lrCycles >= 0 && lrCycles.isFinite, .lrCycles, lrCycles, "a number from 0 on")
        require(lrWarmupSteps ?? 0 >= 0, .lrWarmupSteps, lrWarmupSteps ?? 0, "a number from 0 on")
        require((0...1000).contains(lrWarmupEpochs), .lrWarmupEpochs, lrWarmupEpochs, "a number from 0 to 1000")
        require((0..<1).contains(adamBeta1), .adamBeta1, adamBeta1, "a number from 0 to below 1")
        require((0..<1).contains(adamBeta2), .adamBeta2, adamBeta2, "a number from 0 to below 1")
        require(adamWeightDecay >= 0, .adamWeightDecay, adamWeightDecay, "a number from 0 on")
        require(adamEpsilon > 0, .adamEpsilon, adamEpsilon, "a number above 0")
        require(maxGradNorm > 0, .maxGradNorm, maxGradNorm, "a number above 0")
        require(loraRank > 0, .loraRank, loraRank, "a number from 1 on")
        require(
            trainable != .lora || loraTargets.contains { $0 != "," && $0 != " " }, .loraTargets, loraTargets,
            "names of layers with commas between")
        require(emaDecay.map { (0..<1).contains($0) } ?? true, .emaDecay, emaDecay ?? 0, "a number from 0 to below 1")
        if let maxTrainSteps, let lrWarmupSteps, lrWarmupSteps >= maxTrainSteps {
            require(false, .lrWarmupSteps, lrWarmupSteps, "a number below max_train_steps, which is \(maxTrainSteps),")
        }
        return problems
    }

    /// What differs from other settings, a phrase each.
    func differences(from other: TrainingSettings) throws -> [String] {
        func values(_ settings: TrainingSettings) throws -> [String: String] {
            let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(settings)) as? [String: Any]
            return (object ?? [:]).mapValues { "\($0)" }
        }
        let (own, others) = (try values(self), try values(other))
        return CodingKeys.allCases.map(\.rawValue).filter { own[$0] != others[$0] }.map {
            "\($0) was \(others[$0] ?? "not set") and is \(own[$0] ?? "not set")"
        }
    }
}
