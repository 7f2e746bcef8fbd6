import StableDiffusion3
public import Torch
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

    /// - Parameters:
    ///   - device: Where the run would compute.
    ///   - recomputes: Whether blocks are run again for their gradients.
    ///   - workerCount: Pictures that are read at once.
    /// - Throws: `DatasetError` and what finding a model throws.
    package init(
        _ settings: TrainingSettings, dataset: Dataset, device: Device, recomputes: Bool, workerCount: Int
    ) throws {
        self.settings = settings
        pictureCount = try dataset.pairs(.train).count
        totalSteps = settings.totalSteps(pictureCount: pictureCount)
        stepsPerEpoch = settings.stepsPerEpoch(pictureCount: pictureCount)
        let folder = try ModelFolder(settings.baseModelPath)
        memory = try TrainingMemory(
            settings, model: folder, device: device, recomputes: recomputes, workerCount: workerCount)
        let table = settings.trainable == .lora ? 0 : 4 * (try folder.parameterCounts().positionTable)
        let copies = settings.emaDecay == nil ? 1 : 2
        checkpointBytes = 8 * memory.trainedCount + copies * (4 * memory.trainedCount + table)
    }
}
