public import ArgumentParser
import SyntheticScenes
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// The settings of a training run as options, by the original's names. One that is not given keeps the original's value.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The model to fine-tune: a folder or a Hugging Face id.", valueName: "folder|id"))
    var baseModelPath: String

    @Option(help: ArgumentHelp("The data set's folder, laid out as Trans10K is.", valueName: "folder"))
    var datasetPath: String

    @Option(help: ArgumentHelp("A repair plan to apply to the data set.", valueName: "plan.json"))
    var plan: String?

    @Option(help: "What to compute in; the weights themselves are float32. (default: bf16)")
    var dataType: TrainingSettings.DataType?

    @Option(
        help: ArgumentHelp("The side of the square that pictures are brought to. (default: 1024)", valueName: "side"))
    var resolution: Int?

    @Option(help: "How often each picture is seen. (default: 43)")
    var epochs: Int?

    @Option(help: "Updates in all, instead of --epochs.")
    var maxTrainSteps: Int?

    @Option(help: "Pictures of a pass. (default: 4)")
    var trainBatchSize: Int?

    @Option(help: "Passes of an update. (default: 2)")
    var gradientAccumulationSteps: Int?

    @Option(help: "The learning rate after warming up. (default: 2e-6)")
    var lr: Double?

    @Option(help: "Whether --lr is multiplied by the pictures of an update. (default: true)")
    var scaleLr: Switch?

    @Option(help: "The least learning rate, as a share. (default: 0.1)")
    var minLrRatio: Double?

    @Option(help: "Cycles of the cosine. (default: 3.5)")
    var lrCycles: Double?

    @Option(help: "Updates of warm-up, instead of epochs.")
    var lrWarmupSteps: Int?

    @Option(help: "Epochs of warm-up. (default: 1)")
    var lrWarmupEpochs: Double?

    @Option(name: .customLong("adam-beta1"), help: "(default: 0.9)")
    var adamBeta1: Double?

    @Option(name: .customLong("adam-beta2"), help: "(default: 0.999)")
    var adamBeta2: Double?

    @Option(help: "(default: 0)")
    var adamWeightDecay: Double?

    @Option(help: "(default: 1e-15)")
    var adamEpsilon: Double?

    @Option(help: "The norm that gradients are cut down to. (default: 1)")
    var maxGradNorm: Double?

    @Option(help: "Another seed gives another order, augmentation and draws. (default: 0)")
    var seed: UInt64?

    @Option(help: "Whether each epoch has an order of its own, rather than that of names. (default: true)")
    var shuffle: Switch?

    @Option(help: "Whether pictures are augmented. (default: true)")
    var augment: Switch?

    @Option(help: "What of the VAE's distribution is taken. (default: sample)")
    var vaePosterior: TrainingSettings.Posterior?

    @Option(
        help: ArgumentHelp(
            "What is trained: all weights, those of the folded transformer, or low-rank adapters. (default: all)"))
    var trainable: TrainingSettings.Trainable?

    @Option(help: "The adapters' rank. (default: 16)")
    var loraRank: Int?

    @Option(
        help: ArgumentHelp(
            "The layers that get adapters: names, or their ends, with commas between. (default: the attention's projections)",
            valueName: "names"))
    var loraTargets: String?

    @Option(help: "What the model predicts: one mask, or things and stuff in colours. (default: binary)")
    var target: MaskTarget?

    @Option(
        help: "What the output is to the mask's latent: itself, negated, or the picture's minus it. (default: direct)")
    var outputForm: OutputForm?

    @Option(help: "Average the weights over the updates, keeping this share in each; the average is the model.")
    var emaDecay: Double?

    /// The original's settings with those that were given.
    var settings: TrainingSettings {
        var settings = TrainingSettings()
        func set<Value>(_ key: WritableKeyPath<TrainingSettings, Value>, _ value: Value?) {
            if let value { settings[keyPath: key] = value }
        }
        (settings.baseModelPath, settings.datasetPath, settings.plan) = (baseModelPath, datasetPath, plan)
        (settings.maxTrainSteps, settings.lrWarmupSteps) = (maxTrainSteps, lrWarmupSteps)
        set(\.lrWarmupEpochs, lrWarmupEpochs)
        set(\.dataType, dataType)
        set(\.resolution, resolution)
        set(\.epochs, epochs)
        set(\.trainBatchSize, trainBatchSize)
        set(\.gradientAccumulationSteps, gradientAccumulationSteps)
        set(\.lr, lr)
        set(\.scaleLr, scaleLr?.isOn)
        set(\.minLrRatio, minLrRatio)
        set(\.lrCycles, lrCycles)
        set(\.adamBeta1, adamBeta1)
        set(\.adamBeta2, adamBeta2)
        set(\.adamWeightDecay, adamWeightDecay)
        set(\.adamEpsilon, adamEpsilon)
        set(\.maxGradNorm, maxGradNorm)
        set(\.seed, seed)
        set(\.shuffle, shuffle?.isOn)
        set(\.augment, augment?.isOn)
        set(\.vaePosterior, vaePosterior)
        set(\.trainable, trainable)
        set(\.loraRank, loraRank)
        set(\.loraTargets, loraTargets)
        set(\.target, target)
        set(\.outputForm, outputForm)
        settings.emaDecay = emaDecay
        return settings
    }
}

extension TrainingSettings.DataType: ExpressibleByArgument {}
extension TrainingSettings.Posterior: ExpressibleByArgument {}
extension TrainingSettings.Trainable: ExpressibleByArgument {}
extension MaskTarget: ExpressibleByArgument {}
extension OutputForm: ExpressibleByArgument {}
