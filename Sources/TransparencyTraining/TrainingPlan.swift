import StableDiffusion3
import Torch
package import TransparencyData
import TransparencySegmentation

/// What a run would be, found out from the data set's names and the weights' headers.
public struct TrainingPlan: Sendable {
    public let settings: TrainingSettings
    public let pictureCount: Int
    /// Updates in all, and of an epoch.
    public let totalSteps: Int
    public let stepsPerEpoch: Int
    public let memory: TrainingMemory
    /// Bytes of one checkpoint.
    public let checkpointBytes: Int
    /// Floating-point operations of an update, on all processes.
    package let updateFLOPs: Double
    /// What the run is probably not meant to be, a sentence each.
    package var warnings: [String] { settings.warnings(pictureCount: pictureCount) }

    /// - Throws: `DatasetError` and what finding a model throws.
    package init(_ settings: TrainingSettings, dataset: Dataset) throws {
        self.settings = settings
        pictureCount = try dataset.pairs(.train).count
        totalSteps = settings.training.totalSteps(pictureCount: pictureCount)
        stepsPerEpoch = settings.training.stepsPerEpoch(pictureCount: pictureCount)
        let folder = try ModelFolder(settings.model.baseModelPath)
        try settings.checkResolution(for: folder)
        memory = try TrainingMemory(settings, model: folder)
        let table = settings.model.trainable == .lora ? 0 : 4 * (try folder.parameterCounts().positionTable)
        let copies = settings.training.emaDecay == nil ? 1 : 2
        let side = settings.dataset.resolution
        let flops = try ModelFLOPs(
            folder.transformerConfiguration(), folder.autoencoderConfiguration(), height: side, width: side,
            promptTokens: folder.promptTokenCount())
        // Backward takes twice what forward does, but for adapters, whose frozen weights have no gradients; checkpointing runs forward again.
        let passes = (settings.model.trainable == .lora ? 2.0 : 3) + (settings.compute.gradientCheckpointing ? 1 : 0)
        let encoding = settings.dataset.latentCache == nil ? 2 * flops.encode : 0
        updateFLOPs = Double(settings.training.effectiveBatchSize) * (encoding + passes * flops.transformer)
        checkpointBytes = 8 * memory.trainedCount + copies * (4 * memory.trainedCount + table)
    }
}
