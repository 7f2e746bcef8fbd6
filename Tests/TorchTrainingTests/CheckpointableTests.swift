import Testing
import Torch

@testable import TorchTraining

/// What is written and read again goes on as if nothing had happened.
@Suite struct CheckpointableTests {
    private func trained(_ values: [Float], dtype: DType = .float32) throws -> TrainedState {
        try TrainedState(
            [
                (
                    "part.",
                    [("a", Tensor(Array(values[..<2]), shape: [2])), ("b", Tensor(Array(values[2...]), shape: [1]))]
                )
            ],
            dtype: dtype, device: .cpu)
    }

    private func slot(_ slot: StateSlot, of state: TrainedState) throws -> Tensor {
        try #require(try state.gathered(slot, of: 0))
    }

    private func values(_ name: StateSlot, of state: TrainedState) throws -> [Float] {
        try slot(name, of: state).array(of: Float.self)
    }

    private func state(_ part: some Checkpointable) throws -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: try part.stateDict().map { ($0.key, try $0.tensor.clone()) })
    }

    private func step(_ optimizer: AdamW, gradient: Float) throws {
        try slot(.gradient, of: optimizer.state).copyInPlace(Tensor([gradient, -2 * gradient, 0.5], shape: [3]))
        try optimizer.step(learningRate: 0.1)
    }

    @Test func anOptimizerGoesOn() throws {
        let (one, other) = (try AdamW(trained([1, 2, 3])), try AdamW(trained([1, 2, 3])))
        try step(one, gradient: 1)
        try slot(.master, of: other.state).copyInPlace(slot(.master, of: one.state))
        try other.load(state(one))
        for optimizer in [one, other] { try step(optimizer, gradient: -0.3) }
        let found = try values(.master, of: other.state)
        #expect(try found == values(.master, of: one.state))
        // Without its moments it would go elsewhere.
        let fresh = try AdamW(trained([1, 2, 3]))
        try step(fresh, gradient: 1)
        let forgetful = try AdamW(trained(values(.master, of: fresh.state)))
        try step(forgetful, gradient: -0.3)
        #expect(try values(.master, of: forgetful.state) != found)
    }

    @Test func anAverageGoesOn() throws {
        let average = try ExponentialMovingAverage(trained([1, 2, 3]), decay: 0.5)
        try average.update(part: 0, master: Tensor([3, 3, 3] as [Float], shape: [3]), step: 100)
        let other = try ExponentialMovingAverage(trained([7, 8, 9]), decay: 0.5)
        try other.load(state(average))
        #expect(try average.stateDict().map(\.key) == ["part.a", "part.b"])
        #expect(try values(.average, of: other.state) == [2, 2.5, 3])
    }

    /// Nothing is changed before all of it is found to fit.
    @Test func whatDoesNotFitIsNamed() throws {
        let optimizer = try AdamW(trained([1, 2, 3]))
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

    /// Of earlier versions, by parts.
    @Test func anEarlierStateGoesOn() throws {
        let (one, other) = (try AdamW(trained([1, 2, 3])), try AdamW(trained([1, 2, 3])))
        try step(one, gradient: 1)
        try other.load([
            "exp_avg.0": slot(.expAvg, of: one.state), "exp_avg_sq.0": slot(.expAvgSq, of: one.state),
            "step.0": Tensor.full([], 1),
        ])
        let (found, expected) = (try state(other), try state(one))
        #expect(
            Set(found.keys)
                == ["exp_avg.part.a", "exp_avg.part.b", "exp_avg_sq.part.a", "exp_avg_sq.part.b", "step"])
        for (key, value) in expected { #expect(try found[key]?.array(of: Float.self) == value.array()) }
    }

    @Test(arguments: [DType.float32, .bfloat16])
    func gradientsAreForgotten(dtype: DType) throws {
        let state = try trained([1, 2, 3], dtype: dtype)
        let part = state.parts[0]
        let leaf = try #require(try part.weights.acquire()["a"])
        try part.beginGradient()
        try (leaf * 2).sum().to(.float32).backward()
        try part.discardGradients()
        #expect(try values(.gradient, of: state) == [0, 0, 0])
        try part.beginGradient()
        try (leaf * 2).sum().to(.float32).backward()
        try part.endGradient()
        #expect(try values(.gradient, of: state) == [2, 2, 0])
    }
}
