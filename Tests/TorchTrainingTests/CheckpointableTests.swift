import Testing
import Torch

@testable import TorchTraining

/// What is written and read again goes on as if nothing had happened.
@Suite struct CheckpointableTests {
    private func buffer(_ values: [Float], dtype: DType = .float32) throws -> ParameterBuffer {
        try ParameterBuffer(
            prefix: "part.",
            [("a", Tensor(Array(values[..<2]), shape: [2])), ("b", Tensor(Array(values[2...]), shape: [1]))],
            dtype: dtype, device: .cpu)
    }

    private func state(_ part: some Checkpointable) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try part.stateDict().map { ($0.key, try $0.tensor.clone()) })
    }

    private func step(_ optimizer: AdamW, gradient: Float) throws {
        for buffer in optimizer.buffers {
            try buffer.gradient.copyInPlace(Tensor([gradient, -2 * gradient, 0.5], shape: [3]))
        }
        try optimizer.step(learningRate: 0.1)
    }

    @Test func anOptimizerGoesOn() throws {
        let (one, other) = (try AdamW([buffer([1, 2, 3])]), try AdamW([buffer([1, 2, 3])]))
        try step(one, gradient: 1)
        try other.buffers[0].master.copyInPlace(one.buffers[0].master)
        try other.load(state(one))
        for optimizer in [one, other] { try step(optimizer, gradient: -0.3) }
        let found = try other.buffers[0].master.array(of: Float.self)
        #expect(try found == one.buffers[0].master.array(of: Float.self))
        // Without its moments it would go elsewhere.
        let fresh = try AdamW([buffer([1, 2, 3])])
        try step(fresh, gradient: 1)
        let forgetful = try AdamW([buffer(fresh.buffers[0].master.array(of: Float.self))])
        try step(forgetful, gradient: -0.3)
        #expect(try forgetful.buffers[0].master.array(of: Float.self) != found)
    }

    @Test func anAverageGoesOn() throws {
        let buffer = try buffer([1, 2, 3])
        let average = try ExponentialMovingAverage([buffer], decay: 0.5)
        try buffer.master.copyInPlace(Tensor([3, 3, 3] as [Float], shape: [3]))
        try average.update(step: 100)
        let other = try ExponentialMovingAverage([buffer], decay: 0.5)
        try other.load(state(average))
        #expect(try average.stateDict().map(\.key) == ["part.a", "part.b"])
        #expect(try other.averages[0].array(of: Float.self) == [2, 2.5, 3])
    }

    /// Nothing is changed before all of it is found to fit.
    @Test func whatDoesNotFitIsNamed() throws {
        let optimizer = try AdamW([buffer([1, 2, 3])])
        try step(optimizer, gradient: 1)
        let before = try state(optimizer).mapValues { try $0.array(of: Float.self) }
        var wrong = try state(optimizer).mapValues { try Tensor.zeros($0.shape) }
        wrong["exp_avg_sq.part.a"] = try Tensor.zeros([4])
        #expect { try optimizer.load(wrong) } throws: { "\($0)" == "exp_avg_sq.part.a is [4]; [2] was expected" }
        wrong["exp_avg_sq.part.a"] = try Tensor.zeros([2])
        wrong["exp_avg_sq.1"] = try Tensor.zeros([3])
        #expect { try optimizer.load(wrong) } throws: { "\($0)" == "it has exp_avg_sq.1, which nothing here takes" }
        #expect(try state(optimizer).mapValues { try $0.array(of: Float.self) } == before)
    }

    /// Of earlier versions, by buffers.
    @Test func anEarlierStateGoesOn() throws {
        let (one, other) = (try AdamW([buffer([1, 2, 3])]), try AdamW([buffer([1, 2, 3])]))
        try step(one, gradient: 1)
        try other.load(["exp_avg.0": one.expAvgs[0], "exp_avg_sq.0": one.expAvgSqs[0], "step.0": one.steps[0]])
        let (found, expected) = (try state(other), try state(one))
        #expect(
            Set(found.keys) == ["exp_avg.part.a", "exp_avg.part.b", "exp_avg_sq.part.a", "exp_avg_sq.part.b", "step"])
        for (key, value) in expected { #expect(try found[key]?.array(of: Float.self) == value.array()) }
    }

    @Test(arguments: [DType.float32, .bfloat16])
    func gradientsAreForgotten(dtype: DType) throws {
        let buffer = try buffer([1, 2, 3], dtype: dtype)
        let leaf = try #require(buffer.leaves["a"])
        try buffer.beginGradient()
        try (leaf * 2).sum().to(.float32).backward()
        try buffer.discardGradients()
        #expect(try buffer.gradient.array(of: Float.self) == [0, 0, 0])
        try buffer.beginGradient()
        try (leaf * 2).sum().to(.float32).backward()
        try buffer.accumulate()
        #expect(try buffer.gradient.array(of: Float.self) == [2, 2, 0])
    }
}
