public import StableDiffusion3
public import Torch
public import TransparencySegmentation

/// Everything that a fine-tuning run follows from, in the groups of the original's configuration. The defaults are its recipe.
///
/// `SettingsTable` gives each value its name in files, in the environment and on the command line.
///
/// ```swift
/// var settings = TrainingSettings()
/// settings.model.baseModelPath = "stabilityai/stable-diffusion-3.5-medium"
/// settings.dataset.datasetPath = "Trans10K"
/// settings.learningRateScheduler.lr = 4e-6
/// ```
public struct TrainingSettings: Equatable, Sendable {
    public var model = Model()
    public var projectConfig = ProjectConfig()
    public var dataset = DatasetChoice()
    public var training = Training()
    public var learningRateScheduler = LearningRateScheduler()
    public var optimizer = Optimizer()
    public var gradientClipping = GradientClipping()
    public var compute = Compute()

    public init() {}

    /// What is fine-tuned, and how it is used.
    public struct Model: Equatable, Sendable {
        /// The model that is fine-tuned: a folder in diffusers' layout or a Hugging Face id.
        public var baseModelPath = ""
        /// What the model computes in; the weights themselves are float32.
        public var dataType = DataType.bf16
        /// What of the transformer is trained.
        public var trainable = Trainable.all
        public var loraRank = 16
        /// Names of linear layers with commas between, or the ends of such names.
        public var loraTargets = TrainedForm.standardTargets.joined(separator: ",")
        /// What makes the mask: the VAE's decoder of a latent, or a linear layer of each token.
        public var head = MaskHead.latent
        /// Whether two convolutions, with the latent head, even out the borders of patches.
        public var localContinuity = false
        /// What the picture that the model predicts shows.
        public var target = MaskTarget.binary
        /// What the transformer's output is to the mask's latent.
        public var predictionType = PredictionType.direct
        /// Of the one pass, 0…1000.
        public var timestep = 1000.0
        /// What of the VAE's distribution is taken.
        public var vaePosterior = Posterior.sample
    }

    /// Where a run is kept.
    public struct ProjectConfig: Equatable, Sendable {
        public var outputDir = ""
        /// The newest checkpoints that are kept, besides the best one.
        public var keepCheckpoints = 2
        /// Who is told how the run goes, besides the log in the output folder.
        public var tracker: [Tracker] = []
    }

    /// Which pictures are trained on, and how they are read.
    public struct DatasetChoice: Equatable, Sendable {
        /// The data set's folder; of several data sets all folders, with ` + ` between.
        public var datasetPath = ""
        /// How often each training picture of each data set comes in an epoch; nil for once each.
        public var datasetWeights: DatasetWeights?
        /// A repair plan's path, where one is applied.
        public var plan: String?
        /// The side of the square that pictures are brought to, pixels.
        public var resolution = 1024
        /// Whether each epoch has an order of its own, rather than that of names.
        public var shuffle = true
        public var augment = true
        /// Which validation pictures are looked at.
        public var valDifficulty = ValidationDifficulty.mix
        /// Pictures that are read at once; nil for one a processor.
        public var dataloaderNumWorkers: Int?
        /// A folder that keeps the VAE's latents; nil to encode each time.
        public var latentCache: String?
    }

    /// How long a run is, and when it saves and validates.
    public struct Training: Equatable, Sendable {
        /// A checkpoint's name, or `latest` for the newest whole one; nil for a new run.
        public var resumeFromCheckpoint: String?
        public var epochs = 43
        /// Updates in all; nil for ``epochs`` epochs.
        public var maxTrainSteps: Int?
        public var trainBatchSize = 4
        public var gradientAccumulationSteps = 2
        /// Processes that train together, as whoever launches them says; each does ``gradientAccumulationSteps`` passes of an update.
        public var processCount = 1
        public var seed: UInt64 = 0
        /// What the loss is made of; nil for the mean squared error of latents, or with a readout the pixels' cross-entropy.
        public var losses: LossWeights?
        /// The share that an average of the weights keeps of itself in an update; nil for no average.
        public var emaDecay: Double?
        /// Updates between checkpoints; nil for ``saveCheckpointEpochs`` epochs.
        public var saveCheckpointSteps: Int?
        public var saveCheckpointEpochs = 1
        /// Updates between validations; nil for none.
        public var valSteps: Int?
        /// Validation pictures that are looked at each time, from the first by name.
        public var numValsTrain = 16

        /// Pictures of one update, on all processes.
        public var effectiveBatchSize: Int { trainBatchSize * gradientAccumulationSteps * processCount }

        /// Updates of an epoch of so many pictures; the last one of an epoch goes over into the next.
        public func stepsPerEpoch(pictureCount: Int) -> Int {
            (pictureCount + effectiveBatchSize - 1) / effectiveBatchSize
        }

        /// Updates in all.
        public func totalSteps(pictureCount: Int) -> Int {
            maxTrainSteps ?? epochs * stepsPerEpoch(pictureCount: pictureCount)
        }
    }

    /// The learning rate: a warm-up, then a cosine with several cycles above a floor.
    public struct LearningRateScheduler: Equatable, Sendable {
        /// The rate after warming up, before scaling.
        public var lr = 2e-6
        /// Whether the rate is multiplied by the pictures of an update, as the original does.
        public var scaleLr = true
        /// The floor as a share of the rate.
        public var minLrRatio = 0.1
        public var lrCycles = 3.5
        /// Updates of warm-up; nil for ``lrWarmupEpochs`` epochs.
        public var lrWarmupSteps: Int?
        public var lrWarmupEpochs = 1.0
    }

    /// AdamW's.
    public struct Optimizer: Equatable, Sendable {
        public var adamBeta1 = 0.9
        public var adamBeta2 = 0.999
        public var adamWeightDecay = 0.0
        public var adamEpsilon = 1e-15
    }

    public struct GradientClipping: Equatable, Sendable {
        /// The norm that gradients are cut down to.
        public var maxGradNorm = 1.0
    }

    /// How an update is computed, on which its numbers do not depend but for rounding.
    public struct Compute: Equatable, Sendable {
        /// Nil for an accelerator where there is one.
        public var device: Device?
        /// Threads of the CPU; nil for one a core.
        public var threads: Int?
        /// Whether blocks are run again for their gradients: less memory, a third more time.
        public var gradientCheckpointing = true
        /// What processes keep a share of each instead of all.
        public var sharding = Sharding.none
        /// What is not kept on the device.
        public var offload = Offload.none
        /// Where that is kept: `host`, or a folder's path.
        public var offloadTo = "host"
        /// Seconds that processes wait for each other before they give up.
        public var processTimeout = 600
    }
}
