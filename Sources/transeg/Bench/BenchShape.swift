import ArgumentParser
import Files
import Foundation
import StableDiffusion3
import SyntheticScenes
import TransparencySegmentation
import TransparencyTraining

/// Shapes of random models: `medium` is Stable Diffusion 3.5 medium's, `small` is like it with 26 million weights.
enum BenchShape: String, ExpressibleByArgument, CaseIterable {
    case small, medium

    private var transformer: ModelFolder.TransformerShape {
        var shape = ModelFolder.TransformerShape()
        shape.headDim = 64
        switch self {
        case .small:
            (shape.layers, shape.heads, shape.dualLayers) = (4, 6, 2)
            (shape.promptTokens, shape.promptWidth) = (154, 512)
        case .medium:
            (shape.layers, shape.heads, shape.dualLayers) = (24, 24, 13)
            (shape.promptTokens, shape.promptWidth) = (154, 4096)
        }
        return shape
    }

    private var autoencoder: AutoencoderTrainer.Settings {
        var settings = AutoencoderTrainer.Settings()
        settings.channels = self == .small ? [32, 64, 128, 128] : [128, 256, 512, 512]
        (settings.layersPerBlock, settings.normGroups) = (2, 32)
        return settings
    }

    /// Makes a model of this shape in `folder`. Throws `ModelError` and what writing throws.
    func makeModel(in folder: String, side: Int, head: MaskHead? = nil) throws -> String {
        try AutoencoderTrainer.writeFresh(autoencoder, to: "\(folder)/vae")
        try ModelFolder.create(
            at: "\(folder)/model", autoencoder: "\(folder)/vae", side: side, shape: transformer,
            head: head ?? .latent, seed: 0)
        return "\(folder)/model"
    }
}

/// Does something with the path of a folder that is removed afterwards.
func withTemporaryFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-bench-\(UUID().uuidString)")
        .path
    try makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}
