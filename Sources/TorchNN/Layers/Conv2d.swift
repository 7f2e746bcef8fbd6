package import Torch

/// Convolution over `[N, C, H, W]`.
package struct Conv2d {
    /// `[out, in, k, k]`
    package let weight: Tensor
    /// `[out]`, or none.
    package let bias: Tensor?
    package let stride: Int
    package let padding: Int

    /// Takes `weight` and, where there is one, `bias`.
    package init(
        _ weights: Weights, _ inputChannels: Int, _ outputChannels: Int, kernelSize: Int, stride: Int = 1,
        padding: Int = 0, hasBias: Bool = true
    ) throws {
        weight = try weights.tensor("weight", shape: [outputChannels, inputChannels, kernelSize, kernelSize])
        bias = hasBias ? try weights.tensor("bias", shape: [outputChannels]) : nil
        (self.stride, self.padding) = (stride, padding)
    }

    /// `[N, in, H, W]` to `[N, out, (H + 2·padding − k)/stride + 1, …]`.
    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        try conv2d(x, weight: weight, bias: bias, stride: stride, padding: padding)
    }
}
