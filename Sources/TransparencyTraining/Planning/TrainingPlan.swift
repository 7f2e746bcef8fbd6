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
    public let layout: TrainingLayout
    /// Of each process.
    public let memory: TrainingMemory
    public let traffic: TrainingTraffic
    /// Bytes of one checkpoint.
    public let checkpointBytes: Int
    /// Floating-point operations of an update, on all processes.
    package let updateFLOPs: Double
    /// What the run is probably not meant to be, a sentence each.
    package var warnings: [String] { settings.warnings(pictureCount: pictureCount) }

    /// - Throws: `DatasetError` and what finding a model throws.
    package init(_ settings: TrainingSettings, dataset: Dataset, layout: TrainingLayout = TrainingLayout()) throws {
        var settings = settings
        settings.training.processCount = layout.processes
        (self.settings, self.layout) = (settings, layout)
        pictureCount = try dataset.pairs(.train).count
        totalSteps = settings.training.totalSteps(pictureCount: pictureCount)
        stepsPerEpoch = settings.training.stepsPerEpoch(pictureCount: pictureCount)
        let folder = try ModelFolder(settings.model.baseModelPath)
        try settings.checkResolution(for: folder)
        let device = try settings.compute.device ?? .usable(nil)
        let shape = try TrainingShape(settings, model: folder)
        memory = TrainingMemory(settings, shape, layout: layout, device: device)
        traffic = TrainingTraffic(settings, shape, layout: layout, isOnHost: device.kind == .cpu)
        let table = settings.model.trainedForm.trainsTransformer ? 4 * shape.counts.positionTable : 0
        let copies = settings.training.emaDecay == nil ? 1 : 2
        updateFLOPs = shape.updateFLOPs(settings)
        checkpointBytes = 8 * memory.trainedCount + copies * (4 * memory.trainedCount + table)
    }
}
