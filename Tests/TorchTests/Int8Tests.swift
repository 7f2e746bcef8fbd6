import TestSupport
import Testing
import Torch

/// Eight-bit products against the float products of the same numbers.
@Suite struct Int8Tests {
    @Test(arguments: [1, 15, 16, 100])
    func rowsAreWholeNumbersTimesAScale(width: Int) throws {
        let x = try Tensor.randn([5, width], seed: 1) * 30
        let (values, scales) = try x.quantizeRows()
        #expect(values.dtype == .int8 && values.shape == [5, width] && scales.shape == [5])
        let numbers = try values.array(of: Int8.self)
        let (wanted, steps) = (try x.array(of: Float.self), try scales.array(of: Float.self))
        for row in 0..<5 {
            let members = row * width..<(row + 1) * width
            #expect(numbers[members].map { abs(Int($0)) }.max() == 127)
            for index in members {
                #expect(abs(Float(numbers[index]) * steps[row] - wanted[index]) <= steps[row] * 0.5001)
            }
        }
        #expect(try Tensor.zeros([2, width]).quantizeRows().values.array(of: Int8.self).allSatisfy { $0 == 0 })
    }

    @Test(.enabled(if: int8SumsAreExact), arguments: [[40, 96], [2, 20, 96], [1, 1, 96]], [true, false])
    func theRoundingOfInputsAndWeightsIsTheWholeError(shape: [Int], hasBias: Bool) throws {
        let x = try Tensor.randn(shape, seed: 1)
        let original = try Tensor.randn([64, 96], seed: 2)
        let bias = hasBias ? try Tensor.randn([64], seed: 3) : nil
        let (weight, scales) = try original.quantizeRows()
        let product = try linearInt8(x, weight: weight, scales: scales, bias: bias)
        let (rows, rowScales) = try x.reshape([-1, 96]).quantizeRows()
        let rounded = try linear(
            (rows.to(.float32) * rowScales.unsqueeze(1)).reshape(shape),
            weight: weight.to(.float32) * scales.unsqueeze(1), bias: bias)
        try expectClose(product, rounded, within: 1e-6)
        try expectClose(product, linear(x, weight: original, bias: bias), within: 1.5e-2)
    }

    @Test func otherDTypesAreRefused() throws {
        let x = try Tensor.randn([4, 16], seed: 1)
        #expect(throws: TorchError.self) { try x.to(.bfloat16).quantizeRows() }
        #expect(throws: TorchError.self) { try x.reshape([2, 2, 16]).quantizeRows() }
        let (weight, scales) = try x.quantizeRows()
        #expect(throws: TorchError.self) { try linearInt8(x, weight: x, scales: scales) }
        #expect(throws: TorchError.self) {
            try linearInt8(Tensor.randn([4, 8], seed: 1), weight: weight, scales: scales)
        }
    }
}
