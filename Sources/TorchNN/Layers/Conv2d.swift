import Torch

/// Convolution over `[N, C, H, W]`.
public struct Conv2d {
    /// `[out, in, k, k]`
    public let weight: Tensor
    /// `[out]`
    public let bias: Tensor
    public let stride: Int
    public let padding: Int

    /// Takes `weight` and `bias`.
    public init(
        _ weights: Weights, _ inputChannels: Int, _ outputChannels: Int, kernelSize: Int, stride: Int = 1,
        padding: Int = 0
    ) throws {
        weight = try weights.tensor("weight", shape: [outputChannels, inputChannels, kernelSize, kernelSize])
        bias = try weights.tensor("bias", shape: [outputChannels])
        (self.stride, self.padding) = (stride, padding)
    }

    /// `[N, in, H, W]` to `[N, out, (H + 2·padding − k)/stride + 1, …]`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try conv2d(x, weight: weight, bias: bias, stride: stride, padding: padding)
    }
}
