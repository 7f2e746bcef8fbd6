import Testing

@testable import Torch

@Suite struct Float32ArithmeticTests {
    private struct Fault: Error {}

    @ComputeActor @Test(arguments: [Float32Arithmetic.ieee, .tf32])
    func holdsWithinAndNotAfter(arithmetic: Float32Arithmetic) {
        #expect(Float32Arithmetic.current == .torchDefault)
        withFloat32(arithmetic) {
            #expect(Float32Arithmetic.current == arithmetic)
            withFloat32(.torchDefault) { #expect(Float32Arithmetic.current == .torchDefault) }
            #expect(Float32Arithmetic.current == arithmetic)
        }
        #expect(throws: Fault.self) { try withFloat32(arithmetic) { throw Fault() } }
        #expect(Float32Arithmetic.current == .torchDefault)
    }
}
