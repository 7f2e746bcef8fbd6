import TestSupport
import Testing
import Torch

/// oneDNN's products against torch's own.
@Suite struct LinearTests {
    /// The product and the gradients of its input, weight and bias.
    private func run(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, fast: Bool) throws -> [Tensor] {
        let leaves = try [x, weight, bias].compactMap(\.self).map { try $0.detached().clone() }
        for leaf in leaves { try leaf.setRequiresGradient() }
        func product() throws -> Tensor {
            try linear(leaves[0], weight: leaves[1], bias: bias == nil ? nil : leaves[2])
        }
        let y = try fast ? withFastKernels { try product() } : try product()
        // Not the same everywhere, so that a transposed gradient shows.
        let factors = try Tensor.randn(y.shape, seed: 9)
        try (y * factors).sum().backward()
        return try [y] + leaves.map { try #require(try $0.gradient()) }
    }

    @Test(arguments: [[300, 128], [3, 100, 128], [2, 5, 31, 128]], [true, false])
    func productsAndGradientsAreTorchsUpToRounding(shape: [Int], hasBias: Bool) throws {
        let x = try Tensor.randn(shape, seed: 1)
        let weight = try Tensor.randn([192, 128], seed: 2)
        let bias = hasBias ? try Tensor.randn([192], seed: 3) : nil
        let (fast, own) = (try run(x, weight, bias, fast: true), try run(x, weight, bias, fast: false))
        #expect(fast.count == own.count)
        for (one, other) in zip(fast, own) { try expectClose(one, other, within: 2e-6) }
    }

    @Test func frozenWeightsAndViewsAreTaken() throws {
        let x = try Tensor.randn([128, 400], seed: 1)
        let weight = try Tensor.randn([256, 128], seed: 2)
        try x.setRequiresGradient()
        // A transposed view, as the halves of joint projections are.
        func gradient() throws -> Tensor {
            try x.clearGradient()
            let y = try linear(x.transpose(0, 1), weight: weight)
            // What follows may write over the result.
            try y.geluTanhInPlace()
            try y.sum().backward()
            return try #require(try x.gradient())
        }
        let own = try gradient()
        try expectClose(try withFastKernels { try gradient() }, own, within: 2e-6)
        #expect(!weight.requiresGradient)
    }
}
