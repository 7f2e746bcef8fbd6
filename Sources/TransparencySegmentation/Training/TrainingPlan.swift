import StableDiffusion3
import Trans10K

/// What a run would be, found out from the data set's names and the weights' headers.
public struct TrainingPlan: Sendable {
    public let settings: TrainingSettings
    public let pictureCount: Int
    /// Updates in all, and of an epoch.
    public let totalSteps: Int
    public let stepsPerEpoch: Int
    /// Weights that are trained.
    public let parameterCount: Int
    /// Bytes on the device by part, without activations.
    public let memory: [(part: String, bytes: Int)]
    /// Bytes of one checkpoint.
    public let checkpointBytes: Int

    /// - Throws: `DatasetError` and what finding a model throws.
    public init(_ settings: TrainingSettings, dataset: Dataset) throws {
        self.settings = settings
        pictureCount = try dataset.pairs(.train).count
        totalSteps = settings.totalSteps(pictureCount: pictureCount)
        stepsPerEpoch = settings.stepsPerEpoch(pictureCount: pictureCount)
        let folder = try ModelFolder(settings.baseModelPath)
        let counts = try folder.parameterCounts()
        parameterCount = counts.transformer
        let isHalf = settings.dataType == .bf16
        memory = [
            ("weights, float32", 4 * counts.transformer), ("gradients, float32", 4 * counts.transformer),
            ("AdamW's moments, float32", 8 * counts.transformer),
            ("copy to compute with, bfloat16", isHalf ? 2 * counts.transformer : 0),
            ("its gradients, bfloat16", isHalf ? 2 * counts.transformer : 0),
            ("position table and VAE", 4 * counts.positionTable + (isHalf ? 2 : 4) * counts.autoencoder),
        ].filter { $0.1 > 0 }
        checkpointBytes = 12 * counts.transformer + 4 * counts.positionTable
    }
}
