import Testing

@testable import Torch

@Suite struct AutogradTests {
    @Test func differentiates() throws {
        let x = try Tensor([1, 2, 3] as [Float], shape: [3])
        try x.setRequiresGradient()
        try (x * x).sum().backward()
        #expect(try x.gradient()?.array(of: Float.self) == [2, 4, 6])
        try x.sum().backward()
        #expect(try x.gradient()?.array(of: Float.self) == [3, 5, 7])
        try x.clearGradient()
        #expect(try x.gradient() == nil)
    }

    @Test func inPlaceActivationsKeepTheirGradients() throws {
        let x = try Tensor([-1, 0.5] as [Float], shape: [2])
        try x.setRequiresGradient()
        let y = try x * 1
        try y.geluTanhInPlace()
        try y.sum().backward()
        let inPlace = try x.gradient()?.array(of: Float.self)
        try x.clearGradient()
        try x.gelu(tanhApproximation: true).sum().backward()
        #expect(try x.gradient()?.array(of: Float.self) == inPlace)
    }

    @Test func gradientModeIsScoped() throws {
        let x = try Tensor.ones([1])
        try x.setRequiresGradient()
        let recorded = try withoutGradients {
            let outer = try x * 2
            let inner = try withGradients { try x * 2 }
            let after = try x * 2
            return [outer, inner, after].map(\.requiresGradient)
        }
        #expect(recorded == [false, true, false])
        struct Stop: Error {}
        #expect(throws: Stop.self) { try withoutGradients { throw Stop() } }
        #expect(try (x * 2).requiresGradient)
        #expect(try !(x * 2).detached().requiresGradient)
    }
}
