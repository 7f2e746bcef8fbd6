import Testing

@testable import Torch

/// Serialized: the tests look at state that belongs to the process.
@Suite(.serialized) struct RandomTests {
    @Test func seededDrawsAreTorchs() throws {
        // torch.randn(4, generator=torch.Generator().manual_seed(7))
        let wanted: [Float] = [-0.1468, 0.7861, 0.9468, -1.1143]
        let drawn = try Tensor.randn([4], seed: 7).array(of: Float.self)
        for (value, target) in zip(drawn, wanted) { #expect(abs(value - target) < 1e-4) }
    }

    @Test func aSeededDrawLeavesTheProcessGeneratorAlone() throws {
        try TorchRuntime.manualSeed(3)
        let first = try Tensor.randn([8]).array(of: Float.self)
        try TorchRuntime.manualSeed(3)
        _ = try Tensor.randn([8], seed: 9)
        #expect(try Tensor.randn([8]).array(of: Float.self) == first)
    }

    @Test func threadCountIsSetAndChecked() throws {
        let before = TorchRuntime.threadCount
        defer { try? TorchRuntime.setThreadCount(before) }
        try TorchRuntime.setThreadCount(1)
        #expect(TorchRuntime.threadCount == 1)
        #expect(throws: TorchError.self) { try TorchRuntime.setThreadCount(0) }
    }

    @Test func reportsItsVersionAndDevices() {
        #expect(TorchRuntime.version.hasPrefix("2."))
        #expect(TorchRuntime.loadedVersion == TorchRuntime.version)
        #expect(Device.count(of: .cpu) == 1)
        #expect(!TorchRuntime.cpuCapability.isEmpty)
    }
}
