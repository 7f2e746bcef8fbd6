import TestSupport
import Testing
import Torch

/// Kernels of several operations in one against the operations one after the other.
@Suite struct FusedTests {
    private func both<R>(_ body: () throws -> R) throws -> (fast: R, reference: R) {
        try withoutGradients { (try withFastKernels(body), try body()) }
    }

    @Test(arguments: [([1, 32, 8, 8], 8), ([2, 24, 5, 7], 3), ([3, 16, 64, 65], 16), ([1, 64, 1, 1], 4)])
    func groupNormSiluIsGroupNormThenSilu(shape: [Int], groupCount: Int) throws {
        // Large values and a mean far from 0 are where sums lose digits.
        let x = try Tensor.randn(shape, seed: 1) * 30 + 100
        let weight = try Tensor.randn([shape[1]], seed: 2)
        let bias = try Tensor.randn([shape[1]], seed: 3)
        let (fast, reference) = try both {
            try groupNormSilu(x, groupCount: groupCount, weight: weight, bias: bias, eps: 1e-6)
        }
        try expectClose(fast, reference, within: 2e-5)
        let own = try x.clone()
        let consumed = try withoutGradients {
            try withFastKernels {
                try groupNormSilu(
                    own, groupCount: groupCount, weight: weight, bias: bias, eps: 1e-6, consumesInput: true)
            }
        }
        #expect(try (consumed - fast).abs().max().item() == 0 && (own - fast).abs().max().item() == 0)
        let last = try both {
            try groupNormSilu(
                x.clone().channelsLast(), groupCount: groupCount, weight: weight, bias: bias, eps: 1e-6,
                consumesInput: true)
        }
        try expectClose(last.fast, reference, within: 2e-5)
        try expectClose(last.reference, reference, within: 2e-5)
        let composed = try groupNorm(x, groupCount: groupCount, weight: weight, bias: bias, eps: 1e-6).silu()
        #expect(try (reference - composed).abs().max().item() == 0)
    }

    @Test func siluReachesItsLimits() throws {
        // Weight 0 leaves the bias, so that silu is seen at chosen places.
        let places: [Float] = [-1e7, -1000, -88, -87, -20, -1, -1e-6, 0, 1e-6, 1, 20, 87, 88, 1000, 1e30, 0.5]
        let bias = try Tensor(places, shape: [16])
        let (fast, reference) = try both {
            try groupNormSilu(
                Tensor.randn([1, 16, 4, 4], seed: 1), groupCount: 4, weight: Tensor.zeros([16]), bias: bias, eps: 1e-6)
        }
        for (one, other) in zip(try fast.array(of: Float.self), try reference.array(of: Float.self)) {
            #expect(abs(one - other) <= 1e-6 * max(1e-30, abs(other)) + 1e-30, "\(one) \(other)")
        }
    }

    @Test(arguments: [true, false], [3, 2, 0])
    func jointHeadsAreProjectionsSplitNormedAndJoined(isNormed: Bool, promptParts: Int) throws {
        let (count, heads, d) = (2, 3, 20)
        let picture = try Tensor.randn([count, 7, 3 * heads * d], seed: 1) * 5
        let prompt = promptParts == 0 ? nil : try Tensor.randn([count, 4, promptParts * heads * d], seed: 2)
        func weight(_ seed: UInt32) throws -> Tensor? { isNormed ? try Tensor.randn([d], seed: seed) : nil }
        let norms = HeadNorms(
            query: try weight(3), key: try weight(4), addedQuery: try weight(5), addedKey: try weight(6))
        let (fast, reference) = try both {
            try jointHeads(picture, prompt, norms: norms, headCount: heads, eps: 1e-6)
        }
        #expect(fast.query.shape == [count, heads, promptParts == 3 ? 11 : 7, d])
        #expect(fast.key.shape == [count, heads, promptParts == 0 ? 7 : 11, d])
        try expectClose(fast.query.contiguous(), reference.query.contiguous(), within: 1e-6)
        try expectClose(fast.key.contiguous(), reference.key.contiguous(), within: 1e-6)
        #expect(try (fast.value - reference.value).abs().max().item() == 0)
        // The picture's part by hand.
        let query = try picture.chunk(3, axis: 2)[0].reshape([count, 7, heads, d]).transpose(1, 2)
        let normed = try norms.query.map { try rmsNorm(query, weight: $0, eps: 1e-6) } ?? query
        try expectClose(fast.query.narrow(2, start: 0, length: 7).contiguous(), normed.contiguous(), within: 1e-6)
    }

    /// Lengths within one block of keys, of whole blocks and past one, and heads that are wide.
    @Test(
        arguments: [[2, 3, 17, 40, 20], [1, 2, 130, 512, 64], [1, 2, 257, 1030, 32], [1, 1, 70, 300, 512]],
        [true, false])
    func attentionInBlocksIsAttention(sizes: [Int], isBiased: Bool) throws {
        let (count, heads, length, keys, d) = (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4])
        // As the layers have them: the heads of a token side by side.
        func tokens(_ length: Int, _ seed: UInt32) throws -> Tensor {
            try Tensor.randn([count, length, heads, d], seed: seed).transpose(1, 2)
        }
        // Large, so that the greatest score of a row changes from block to block.
        let (query, key, value) = (try tokens(length, 1) * 4, try tokens(keys, 2), try tokens(keys, 3))
        let bias = isBiased ? try Tensor.randn([1, 1, 1, keys], seed: 4) * 3 : nil
        let (fast, reference) = try both { try scaledDotProductAttention(query, key, value, bias: bias) }
        try expectClose(fast.contiguous(), reference.contiguous(), within: 5e-6)
        // Another bias, and causal attention, are torch's.
        let rows = try Tensor.randn([1, 1, length, keys], seed: 5)
        let others = try both {
            (
                try scaledDotProductAttention(query, key, value, bias: rows),
                try scaledDotProductAttention(key, key, value, causal: true)
            )
        }
        #expect(try (others.fast.0 - others.reference.0).abs().max().item() == 0)
        #expect(try (others.fast.1 - others.reference.1).abs().max().item() == 0)
    }

    /// Odd widths and numbers of keys end in half a pair; lengths within one block of keys and past one, and heads that are wide.
    @Test(
        arguments: [
            [2, 3, 17, 41, 20], [1, 2, 33, 71, 35], [1, 2, 130, 1025, 64], [1, 1, 70, 299, 512], [1, 1, 1, 1, 1],
        ],
        [true, false])
    func attentionInBFloat16IsNearAttention(sizes: [Int], isBiased: Bool) throws {
        let (count, heads, length, keys, d) = (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4])
        // Queries and values have the heads of a token side by side; keys lie head by head.
        func tokens(_ length: Int, _ seed: UInt32) throws -> Tensor {
            try Tensor.randn([count, length, heads, d], seed: seed).transpose(1, 2)
        }
        let (query, key, value) = (try tokens(length, 1), try tokens(keys, 2).contiguous(), try tokens(keys, 3))
        let bias = isBiased ? try Tensor.randn([1, 1, 1, keys], seed: 4) : nil
        func attended(_ key: Tensor, _ value: Tensor) throws -> Tensor {
            try scaledDotProductAttention(query, key, value, bias: bias, inBFloat16: true).contiguous()
        }
        let (rounded, reference) = try both { try attended(key, value) }
        let exact = try both { try scaledDotProductAttention(query, key, value, bias: bias).contiguous() }
        try expectClose(rounded, exact.reference, within: 6e-3)
        // Outside of fast kernels, and where gradients are recorded, it is torch's.
        #expect(try (reference - exact.reference).abs().max().item() == 0)
        let recorded = try withFastKernels { try attended(key, value) }
        #expect(try (recorded - exact.reference).abs().max().item() == 0)
        // The bound sees what is missing: the last key, and the last number of each.
        guard keys > 1 else { return }
        let fewer = try both {
            try attended(
                key, cat([value.narrow(2, start: 0, length: keys - 1), value.narrow(2, start: 0, length: 1)], axis: 2))
        }
        #expect(try relativeError(fewer.fast, exact.reference) > 6e-3)
        let narrower = try both {
            try attended(
                cat([key.narrow(3, start: 0, length: d - 1), key.narrow(3, start: 0, length: 1)], axis: 3), value)
        }
        #expect(try relativeError(narrower.fast, exact.reference) > 6e-3)
    }

    @Test(arguments: [true, false]) func attentionShowsWhatIsNoNumber(inBFloat16: Bool) throws {
        let q = try Tensor.randn([1, 2, 5, 16], seed: 1)
        let k = try Tensor.randn([1, 2, 700, 16], seed: 2)
        // Keys that are left out, a whole block of them first.
        let bias = try Tensor(
            [Float](repeating: -.infinity, count: 600) + [Float](repeating: 0, count: 100), shape: [1, 1, 1, 700])
        let masked = try both { try scaledDotProductAttention(q, k, k, bias: bias, inBFloat16: inBFloat16) }
        try expectClose(masked.fast, masked.reference, within: inBFloat16 ? 6e-3 : 1e-5)
        for (query, value) in [(try q * Double.nan, k), (q, try k * Double.nan)] {
            let broken = try both { try scaledDotProductAttention(query, k, value, inBFloat16: inBFloat16) }
            #expect(try broken.fast.array(of: Float.self).allSatisfy(\.isNaN))
        }
    }

    @Test func jointHeadsRefuseOtherShapes() throws {
        let picture = try Tensor.zeros([2, 7, 3 * 32])
        let norms = HeadNorms(query: nil, key: nil)
        let wrong = try Tensor.zeros([16])
        for prompt in [[1, 4, 96], [2, 4, 80], [3, 4, 96]] {
            #expect(throws: TorchError.self) {
                try both { try jointHeads(picture, Tensor.zeros(prompt), norms: norms, headCount: 4, eps: 1e-6).key }
            }
        }
        #expect(throws: TorchError.self) {
            try both {
                try jointHeads(picture, nil, norms: HeadNorms(query: wrong, key: nil), headCount: 4, eps: 1e-6).key
            }
        }
    }
}
