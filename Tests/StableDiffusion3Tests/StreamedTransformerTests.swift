import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import StableDiffusion3

/// Blocks that are made when a pass needs them, and products in fewer bits.
@Suite struct StreamedTransformerTests {
    private let latent: Tensor

    init() throws { latent = try Tensor.randn([2, 16, 4, 6], seed: 2) }

    @Test(arguments: Golden.all)
    func streamedIsLoaded(golden: Golden) throws {
        try withoutGradients {
            let folder = try golden.folder
            let loaded = try folder.loadFoldedTransformer(dtype: .float32, device: .cpu)(latent)
            let streamed = try StreamedTransformer(folder, dtype: .float32, device: .cpu)
            // Twice, for the second pass reads pages that the first let go.
            for _ in 0..<2 { #expect(try (streamed(latent) - loaded).abs().max().item() == 0) }
        }
    }

    @Test func aFoldedFolderStreamsToo() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Golden.all[0].folder.export(to: folder.path, folded: true, dtype: nil)
        let model = try ModelFolder(folder.path)
        try withoutGradients {
            let loaded = try model.loadFoldedTransformer(dtype: .float32, device: .cpu)(latent)
            let streamed = try StreamedTransformer(model, dtype: .float32, device: .cpu)(latent)
            #expect(try (streamed - loaded).abs().max().item() == 0)
        }
    }

    @Test(arguments: [(Precision.fast, 1e-2)] + (int8SumsAreExact ? [(.int8, 2e-2)] : []))
    func fewerBitsAreNear(precision: Precision, tolerance: Double) throws {
        try withoutGradients {
            let folder = try Golden.all[0].folder
            let exact = try folder.loadFoldedTransformer(dtype: .float32, device: .cpu)(latent)
            let rounded = try folder.loadFoldedTransformer(
                dtype: .float32, device: .cpu, precision: precision)
            let error = try relativeError(rounded(latent), exact)
            #expect(error > 1e-4 && error < tolerance)
            let streamed = try StreamedTransformer(
                folder, dtype: .float32, device: .cpu, precision: precision)
            #expect(try (streamed(latent) - rounded(latent)).abs().max().item() == 0)
        }
    }
}
