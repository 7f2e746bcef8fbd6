package import Torch
package import TorchNN

// Legend for this folder: N pictures, C channels, H × W positions at the layer's own resolution.

/// Two convolutions around a shortcut (diffusers 0.35.2 `ResnetBlock2D` without time embedding).
package struct ResnetBlock2D {
    package let norm1: GroupNorm
    package let conv1: Conv2d
    package let norm2: GroupNorm
    package let conv2: Conv2d
    /// Where the channel count changes.
    package let convShortcut: Conv2d?

    init(_ weights: Weights, _ inChannels: Int, _ outChannels: Int, groupCount: Int) throws {
        norm1 = try GroupNorm(weights["norm1"], groupCount: groupCount, inChannels, eps: 1e-6)
        conv1 = try Conv2d(weights["conv1"], inChannels, outChannels, kernelSize: 3, padding: 1)
        norm2 = try GroupNorm(weights["norm2"], groupCount: groupCount, outChannels, eps: 1e-6)
        conv2 = try Conv2d(weights["conv2"], outChannels, outChannels, kernelSize: 3, padding: 1)
        convShortcut =
            inChannels == outChannels
            ? nil : try Conv2d(weights["conv_shortcut"], inChannels, outChannels, kernelSize: 1)
    }

    /// `[N, in, H, W]` to `[N, out, H, W]`. Where the channel count changes, `x` is used up: its memory may be written over.
    package func callAsFunction(_ x: consuming Tensor) throws -> Tensor {
        // Each of these tensors is up to a gigabyte, and gone as soon as the next is there.
        let shortcut = if let convShortcut { try convShortcut(x) } else { copy x }
        var hidden = try norm1.thenSilu(consume x, consumed: convShortcut != nil)
        hidden = try conv1(hidden)
        hidden = try norm2.thenSilu(hidden, consumed: true)
        hidden = try conv2(hidden)
        try hidden.addInPlace(shortcut)
        return hidden
    }
}
