import Torch

extension MaskTarget {
    /// How surely something is transparent.
    ///
    /// Of a binary mask the mean of the channels; of one in colors the larger of red and mean, which is above a half exactly where black is not
    /// the nearest of the three colors.
    ///
    /// - Parameter mask: `[N, 3, H, W]` in 0…1.
    /// - Returns: `[N, 1, H, W]` in 0…1.
    package func softMask(of mask: Tensor) throws -> Tensor {
        let mean = try mask.mean([1], keepingAxes: true)
        guard self == .color else { return mean }
        let red = try mask.narrow(1, start: 0, length: 1)
        return try (red + mean + (red - mean).abs()) / 2
    }

    /// Of each pixel what it is if it is transparent, the nearer of red and white: 1 things, 2 stuff. nil of a binary mask, which has no
    /// classes.
    ///
    /// - Parameter planes: Three planes, one after the other.
    package func kinds(of planes: [Float]) -> [UInt8]? {
        guard self == .color else { return nil }
        let count = planes.count / 3
        return (0..<count).map { planes[count + $0] + planes[2 * count + $0] > 1 ? 2 : 1 }
    }
}
