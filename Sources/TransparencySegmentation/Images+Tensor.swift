import Images
import Torch

extension [Image] {
    /// Pictures of one size as `[N, C, H, W]` in 0…1, float32.
    package func tensor(on device: Device) throws -> Tensor {
        let first = self[0]
        let values = try Tensor(flatMap(\.pixels), shape: [count, first.height, first.width, first.channels])
        return try values.to(device: device).permute([0, 3, 1, 2]).to(.float32).contiguous() / 255
    }
}

extension Image {
    /// The RGB picture at another size by bilinear interpolation, `[1, 3, height, width]` in 0…1, float32.
    ///
    /// Plane by plane, so that beside the picture there is one plane of it in float32 at a time; the numbers are those of all three at once.
    package func tensor(height newHeight: Int, width newWidth: Int, on device: Device) throws -> Tensor {
        try pixels.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { preconditionFailure("a picture has pixels") }
            // Nothing writes to it, and what is made of it outlives it.
            let samples = try Tensor(
                borrowing: UnsafeMutableRawPointer(mutating: start), shape: [1, height, width, channels], dtype: .uint8,
                owner: PixelsOwner()
            ).to(device: device)
            let planes = try (0..<channels).map { channel in
                let plane = try samples.narrow(3, start: channel, length: 1).permute([0, 3, 1, 2]) / 255
                return try plane.contiguous().upsampleBilinear(height: newHeight, width: newWidth)
            }
            // One plane lies in both orders at once, and torch takes the other one for what it makes of such.
            return try cat(planes, axis: 1).contiguous()
        }
    }
}

/// Stands for who keeps borrowed memory valid, where that is a scope.
private final class PixelsOwner {}
