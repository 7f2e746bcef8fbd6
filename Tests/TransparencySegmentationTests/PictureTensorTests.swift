import Images
import SeededRandom
import Testing
import Torch

@testable import TransparencySegmentation

@Suite struct PictureTensorTests {
    /// Plane by plane the numbers are those of the three planes at once, to the last bit.
    @Test(arguments: [(1, 1), (3, 2), (40, 50), (517, 389), (64, 64), (1200, 1600), (97, 2500)])
    func planesAreThoseOfTheWholePicture(height: Int, width: Int) throws {
        var random = SplitMix64(seed: UInt64(height * width))
        let picture = try Image(
            width: width, height: height, channels: 3,
            pixels: (0..<3 * height * width).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        for (newHeight, newWidth) in [(64, 64), (16, 48), (128, 96), (height, width), (512, 512)] {
            let whole = try [picture].tensor(on: .cpu).upsampleBilinear(height: newHeight, width: newWidth)
            let planes = try picture.tensor(height: newHeight, width: newWidth, on: .cpu)
            #expect(planes.shape == whole.shape)
            #expect(planes.isContiguous, "the VAE's convolutions are quicker so")
            #expect(
                try planes.array(of: Float.self) == whole.array(of: Float.self),
                "\(height) x \(width) to \(newHeight) x \(newWidth)")
        }
    }
}
