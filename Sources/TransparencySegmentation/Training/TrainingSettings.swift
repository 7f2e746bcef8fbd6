import Foundation
import TorchNN
import Trans10K

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

    /// What a model computes in, by the original's names.
    public enum DataType: String, Codable, Sendable, CaseIterable {
        case bf16, fp32
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
    public func schedule(pictureCount: Int) -> LearningRateSchedule {
        LearningRateSchedule(
            peak: scaleLr ? lr * Double(effectiveBatchSize) : lr,
            warmupSteps: lrWarmupSteps
                ?? Int((lrWarmupEpochs * Double(stepsPerEpoch(pictureCount: pictureCount))).rounded()),
            totalSteps: totalSteps(pictureCount: pictureCount), cycles: lrCycles, floorRatio: minLrRatio)
    }

    var optimizer: AdamW.Settings {
        AdamW.Settings(beta1: adamBeta1, beta2: adamBeta2, weightDecay: adamWeightDecay, eps: adamEpsilon)
    }

    /// Everything that makes no sense, a phrase each; empty for sound settings.
    public func problems() -> [String] {
        var problems: [String] = []
        func require(_ isRight: Bool, _ key: CodingKeys, _ value: Any, _ expected: String) {
            if !isRight { problems.append("\(key.rawValue) is \(value); \(expected) was expected") }
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
        if let maxTrainSteps, let lrWarmupSteps, lrWarmupSteps >= maxTrainSteps {
            problems.append("lr_warmup_steps is \(lrWarmupSteps), but there are \(maxTrainSteps) updates in all")
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
