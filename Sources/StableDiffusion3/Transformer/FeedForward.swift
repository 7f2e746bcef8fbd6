package import Torch
package import TorchNN

/// Two linear layers with the tanh approximation of GELU between (diffusers' `FeedForward`, `gelu-approximate`).
package struct FeedForward {
    /// `net.0.proj`, `[4D, D]`
    package let up: Linear
    /// `net.2`, `[D, 4D]`
    package let down: Linear

    init(up: Linear, down: Linear) {
        (self.up, self.down) = (up, down)
    }

    init(_ weights: Weights, _ width: Int) throws {
        up = try Linear(weights["net.0.proj"], width, 4 * width)
        down = try Linear(weights["net.2"], 4 * width, width)
    }

    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        let hidden = try up(x)
        try hidden.geluTanhInPlace()
        return try down(hidden)
    }
}
