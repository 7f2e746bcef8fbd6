import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct TensorTests {
    @Test func makesAndReadsBack() throws {
        let values: [Float] = [1, -2, 3.5, 0, 1e30, -0.25]
        let tensor = try Tensor(values, shape: [2, 3])
        #expect(tensor.shape == [2, 3])
        #expect(tensor.dtype == .float32)
        #expect(tensor.device == .cpu)
        #expect(try tensor.array(of: Float.self) == values)
        #expect(try tensor.transpose(0, 1).array(of: Float.self) == [1, 0, -2, 1e30, 3.5, -0.25])
    }

    @Test(arguments: DType.allCases)
    func convertsBetweenDtypes(dtype: DType) throws {
        let tensor = try Tensor([0, 1, 1, 0] as [Float], shape: [4]).to(dtype)
        #expect(tensor.dtype == dtype)
        #expect(try tensor.to(.float64).array(of: Double.self) == [0, 1, 1, 0])
    }

    @Test func readsOtherElementTypes() throws {
        #expect(try Tensor([1, 2] as [UInt8], shape: [2]).array(of: UInt8.self) == [1, 2])
        #expect(try Tensor([-5] as [Int64], shape: []).item() == -5)
        #expect(try Tensor([true, false], shape: [2]).array(of: Bool.self) == [true, false])
        #expect(try Tensor.arange(2..<5).array(of: Int64.self) == [2, 3, 4])
    }

    @Test func refusesWrongCountsAndDtypes() throws {
        #expect(throws: TorchError.self) { try Tensor([1, 2, 3] as [Float], shape: [2, 2]) }
        #expect(throws: TorchError.self) { try Tensor([1] as [Float], shape: [1]).array(of: Double.self) }
    }

    @Test func borrowsMemoryAndReleasesItsOwner() throws {
        final class Owner {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 16)
            deinit { memory.deallocate() }
        }
        weak var released: Owner?
        do {
            let owner = Owner()
            released = owner
            owner.memory.storeBytes(of: 3, as: Float.self)
            owner.memory.storeBytes(of: 4, toByteOffset: 4, as: Float.self)
            let tensor = try Tensor(borrowing: owner.memory, shape: [2], dtype: .float32, owner: owner)
            owner.memory.storeBytes(of: 5, as: Float.self)
            #expect(try tensor.array(of: Float.self) == [5, 4])
        }
        #expect(released == nil)
    }

    @Test func saysWhatFailed() throws {
        let (a, b) = (try Tensor.zeros([2, 3]), try Tensor.zeros([4, 5]))
        let error = #expect(throws: TorchError.self) { try matmul(a, b) }
        #expect(error?.kind == .operation)
        #expect(error?.operation == "matmul")
        #expect(error?.operands == ["float32 [2, 3]", "float32 [4, 5]"])
        #expect(error?.message.contains("cannot be multiplied") == true)
    }

    @Test func runningOutOfMemoryIsItsOwnKind() throws {
        let error = #expect(throws: TorchError.self) { try Tensor.zeros([1 << 50], dtype: .uint8) }
        #expect(error?.kind == .outOfMemory)
        // The process goes on.
        #expect(try Tensor.ones([3]).sum().item() == 3)
    }
}

@Suite struct OperationTests {
    let a: Tensor
    let b: Tensor

    init() throws {
        a = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        b = try Tensor([10, 20, 30] as [Float], shape: [3])
    }

    func values(_ tensor: Tensor) throws -> [Float] { try tensor.to(.float32).array() }

    @Test func arithmetic() throws {
        #expect(try values(a + b) == [11, 22, 33, 14, 25, 36])
        #expect(try values(b - a) == [9, 18, 27, 6, 15, 24])
        #expect(try values(a * b) == [10, 40, 90, 40, 100, 180])
        #expect(try values(b / a) == [10, 10, 10, 2.5, 4, 5])
        #expect(try values((a + 1) * 2 - 4) == [0, 2, 4, 6, 8, 10])
        #expect(try values(a / 2) == [0.5, 1, 1.5, 2, 2.5, 3])
        #expect(try values(matmul(a, b.unsqueeze(1))) == [140, 320])
        #expect(try values(a.clamp(2...4)) == [2, 2, 3, 4, 4, 4])
        #expect(try a.greater(than: 3).array(of: Bool.self) == [false, false, false, true, true, true])
    }

    @Test func inPlace() throws {
        let x = try a.clone()
        try x.addInPlace(b)
        try x.multiplyInPlace(x)
        try x.affineInPlace(scale: 0.5, shift: 1)
        #expect(try values(x) == [61.5, 243, 545.5, 99, 313.5, 649])
        #expect(try values(a) == [1, 2, 3, 4, 5, 6])
        try x.copyInPlace(b)
        #expect(try values(x) == [10, 20, 30, 10, 20, 30])
    }

    @Test func shapes() throws {
        #expect(try a.reshape([3, -1]).shape == [3, 2])
        #expect(try values(a.permute([1, 0])) == [1, 4, 2, 5, 3, 6])
        #expect(try values(a.narrow(1, start: 1, length: 2)) == [2, 3, 5, 6])
        #expect(try a.chunk(3, axis: 1).map { try values($0) } == [[1, 4], [2, 5], [3, 6]])
        #expect(throws: TorchError.self) { try a.chunk(2, axis: 1) }
        #expect(try values(cat([a, a], axis: 1)) == [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
        #expect(try b.expand([2, 3]).shape == [2, 3])
        #expect(try values(a.indexSelect(1, Tensor([2, 0] as [Int64], shape: [2]))) == [3, 1, 6, 4])
        #expect(a.size(-1) == 3)
    }

    @Test func reductions() throws {
        #expect(try a.sum().item() == 21)
        #expect(try a.mean().item() == 3.5)
        #expect(try values(a.mean([0])) == [2.5, 3.5, 4.5])
        #expect(try a.mean([1], keepingAxes: true).shape == [2, 1])
        #expect(try a.max().item() == 6)
        #expect(try a.argmax(1).array(of: Int64.self) == [2, 2])
    }

    @Test func networkOperations() throws {
        let x = try Tensor([-1, 0, 2] as [Float], shape: [1, 3])
        #expect(try values(linear(x, weight: a)) == [5, 8])
        #expect(try values(linear(x, weight: a, bias: Tensor([1, -1] as [Float], shape: [2]))) == [6, 7])
        // Closed forms at -1, 0 and 2.
        func close(_ actual: Tensor, _ wanted: [Float]) throws {
            for (x, y) in zip(try values(actual), wanted) { #expect(abs(x - y) < 1e-6) }
        }
        try close(x.silu(), [-0.26894142, 0, 1.7615942])
        try close(x.sigmoid(), [0.26894142, 0.5, 0.8807971])
        try close(x.gelu(), [-0.15865526, 0, 1.9544997])
        try close(x.gelu(tanhApproximation: true), [-0.15880801, 0, 1.9545977])
        try close(layerNorm(x, eps: 0), [-1.0690450, -0.26726124, 1.3363062])
        try close(rmsNorm(x, eps: 0), [-0.7745967, 0, 1.5491934])
        let picture = try Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 2, 2])
        #expect(try values(picture.upsampleNearest(height: 2, width: 4)) == [1, 1, 2, 2, 3, 3, 4, 4])
        #expect(try values(picture.upsampleBilinear(height: 2, width: 4)) == [1, 1.25, 1.75, 2, 3, 3.25, 3.75, 4])
        #expect(try values(picture.pad(left: 0, right: 1, top: 1, bottom: 0)) == [0, 0, 0, 1, 2, 0, 3, 4, 0])
        let ones = try Tensor.ones([1, 1, 2, 2])
        #expect(try values(conv2d(picture, weight: ones)) == [10])
        #expect(try conv2d(picture, weight: ones, stride: 2, padding: 1).shape == [1, 1, 2, 2])
        #expect(try values(groupNorm(picture, groupCount: 1, eps: 0).sum()) == [0])
    }

    @Test func attentionIsSoftmaxOfProducts() throws {
        let q = try Tensor([1, 0] as [Float], shape: [1, 1, 1, 2])
        let k = try Tensor([1, 0, 0, 1] as [Float], shape: [1, 1, 2, 2])
        let v = try Tensor([1, 3] as [Float], shape: [1, 1, 2, 1])
        let weight = exp(1 / Float(2).squareRoot())
        let wanted = (weight * 1 + 3) / (weight + 1)
        #expect(abs(try values(scaledDotProductAttention(q, k, v.expand([1, 1, 2, 2])))[0] - wanted) < 1e-6)
        let causal = try scaledDotProductAttention(cat([q, q], axis: 2), k, v.expand([1, 1, 2, 2]), causal: true)
        #expect(try values(causal)[0] == 1)
    }

    @Test func winogradIsConvolutionUpToRounding() throws {
        // Neither tiles of 6 x 6 nor blocks of channels come out even, and there are more tiles than are done at once.
        let x = try Tensor.randn([2, 72, 130, 129], seed: 1)
        let weight = try Tensor.randn([140, 72, 3, 3], seed: 2) / 25
        let bias = try Tensor.randn([140], seed: 3)
        func run(_ x: Tensor) throws -> Tensor { try conv2d(x, weight: weight, bias: bias, padding: 1) }
        let direct = try run(x)
        let fast = try withoutGradients { try withFastKernels { try run(x) } }
        func size(_ x: Tensor) throws -> Double { try (x * x).sum().item().squareRoot() }
        #expect(try size(fast - direct) / size(direct) < 1e-5)
        #expect(throws: TorchError.self) {
            try withoutGradients {
                try withFastKernels { try conv2d(x, weight: weight.narrow(1, start: 0, length: 64), padding: 1) }
            }
        }
        // Out of its scope, and where gradients are recorded, the convolution is the usual one.
        #expect(try (run(x) - direct).abs().max().item() == 0)
        #expect(try withFastKernels { try (run(x) - direct).abs().max().item() } == 0)
        // Views with gaps are taken as they are meant.
        let view = try cat([x, x], axis: 3).narrow(3, start: 129, length: 129)
        let ofView = try withoutGradients { try withFastKernels { try run(view) } }
        #expect(try (ofView - fast).abs().max().item() == 0)
    }

    @Test func channelsLastIsAnOrderInMemoryAlone() throws {
        let x = try Tensor.randn([2, 8, 5, 6], seed: 1)
        let last = try x.channelsLast()
        #expect(last.shape == x.shape && !last.isContiguous)
        #expect(try values(last) == values(x))
        let weight = try Tensor.randn([4, 8, 3, 3], seed: 2)
        let y = try conv2d(last, weight: weight, bias: nil, padding: 1)
        #expect(!y.isContiguous)
        try expectClose(y.contiguous(), conv2d(x, weight: weight, bias: nil, padding: 1), within: 1e-5)
    }
}
