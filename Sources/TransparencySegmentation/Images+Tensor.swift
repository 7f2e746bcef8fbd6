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
