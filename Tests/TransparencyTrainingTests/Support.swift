import Foundation
import SyntheticScenes
import TestSupport
import TransparencyData

@testable import TransparencyTraining

let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures").path

/// Runs `body` with a new folder that is removed afterwards.
func withFolder<R: Sendable>(_ body: @Sendable (String) async throws -> R) async throws -> R {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// Settings of a small run on drawn scenes, which are written to the folder.
func smallRun(in folder: String, trainable: TrainingSettings.Trainable = .all) async throws -> TrainingSettings {
    _ = try await SyntheticDataset(seed: 4, size: 64, counts: [.train: 7]).write(to: "\(folder)/scenes")
    var settings = TrainingSettings()
    settings.model.baseModelPath = "\(goldens)/tiny-0"
    settings.model.dataType = .fp32
    settings.model.trainable = trainable
    settings.model.loraRank = 2
    (settings.dataset.datasetPath, settings.dataset.resolution) = ("\(folder)/scenes", 32)
    settings.dataset.shuffle = false
    (settings.training.trainBatchSize, settings.training.gradientAccumulationSteps) = (2, 3)
    settings.training.maxTrainSteps = 10
    (settings.learningRateScheduler.lr, settings.learningRateScheduler.scaleLr) = (1e-3, false)
    settings.learningRateScheduler.lrWarmupSteps = 0
    return settings
}
