package import Torch

/// Convolution over `[N, C, H, W]`.
package struct Conv2d {
    /// `[out, in, k, k]`
    package let weight: Tensor
    /// `[out]`
    package let bias: Tensor
    package let stride: Int
    package let padding: Int

    /// Takes `weight` and `bias`.
    package init(
        _ weights: Weights, _ inputChannels: Int, _ outputChannels: Int, kernelSize: Int, stride: Int = 1,
        padding: Int = 0
    ) throws {
        weight = try weights.tensor("weight", shape: [outputChannels, inputChannels, kernelSize, kernelSize])
        bias = try weights.tensor("bias", shape: [outputChannels])
        (self.stride, self.padding) = (stride, padding)
    }

    /// `[N, in, H, W]` to `[N, out, (H + 2·padding − k)/stride + 1, …]`.
    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        try conv2d(x, weight: weight, bias: bias, stride: stride, padding: padding)
    }
}
