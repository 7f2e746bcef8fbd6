import TestSupport
import Testing
import Torch

/// What accelerators take in the place of the CPU's kernels, on the CPU.
@Suite struct AcceleratorFormTests {
    private func form<R>(_ body: () throws -> R) throws -> R {
        try withoutGradients { try withFastKernels { try withAcceleratorForms(body) } }
    }

    @Test(
        arguments: [([1, 32, 8, 8], 8), ([2, 24, 5, 7], 3), ([3, 16, 64, 65], 16)],
        [DType.float32, .bfloat16, .float16])
    func groupNormSiluWithChannelsLastIsThatOfPlanes(shape: (sizes: [Int], groups: Int), dtype: DType) throws {
        let channels = shape.sizes[1]
        let x = try (Tensor.randn(shape.sizes, seed: 1) * 3 + 10).to(dtype)
        let weight = try Tensor.randn([channels], seed: 2).to(dtype)
        let bias = try Tensor.randn([channels], seed: 3).to(dtype)
        func norm(_ x: Tensor, consumed: Bool = false) throws -> Tensor {
            try groupNormSilu(
                x, groupCount: shape.groups, weight: weight, bias: bias, eps: 1e-6, consumesInput: consumed)
        }
        let last = try x.channelsLast()
        let (result, counts) = try countingOperations { try form { try norm(last) } }
        let reference = try withoutGradients {
            try groupNormSilu(
                x.to(.float32), groupCount: shape.groups, weight: weight.to(.float32), bias: bias.to(.float32),
                eps: 1e-6)
        }
        try expectClose(result.to(.float32), reference, within: dtype == .float32 ? 2e-5 : 2e-2)
        #expect(counts["aten::native_group_norm"] == nil && counts["aten::native_batch_norm"] != nil)
        #expect(counts["aten::_local_scalar_dense"] == nil)
        // It lies as its input does, and may take its place.
        let same = try countingOperations { try result.channelsLast() }.counts
        #expect(same["aten::clone"] == nil)
        let consumed = try form { try norm(last, consumed: true) }
        #expect(try (consumed - result).abs().max().item() == 0 && (last - result).abs().max().item() == 0)
    }

    @Test(arguments: [[1, 1, 70, 300, 512], [2, 1, 33, 33, 320]], [DType.float32, .bfloat16])
    func attentionOfWideHeadsIsAttention(sizes: [Int], dtype: DType) throws {
        func draw(_ length: Int, seed: UInt32) throws -> Tensor {
            try Tensor.randn([sizes[0], sizes[1], length, sizes[4]], seed: seed).to(dtype)
        }
        let (q, k, v) = (try draw(sizes[2], seed: 1), try draw(sizes[3], seed: 2), try draw(sizes[3], seed: 3))
        let (result, counts) = try countingOperations { try form { try scaledDotProductAttention(q, k, v) } }
        let reference = try withoutGradients {
            try scaledDotProductAttention(q.to(.float32), k.to(.float32), v.to(.float32))
        }
        try expectClose(result.to(.float32), reference, within: dtype == .float32 ? 1e-5 : 2e-2)
        #expect(counts["aten::scaled_dot_product_attention"] == nil && counts["aten::_local_scalar_dense"] == nil)
        // Narrow heads go where the quick kernels are.
        let narrow = try countingOperations {
            try form {
                try scaledDotProductAttention(
                    Tensor.randn([1, 2, 9, 64], seed: 1), Tensor.randn([1, 2, 9, 64], seed: 2),
                    Tensor.randn([1, 2, 9, 64], seed: 3))
            }
        }
        #expect(narrow.counts["aten::scaled_dot_product_attention"] == 1)
    }

    /// 17 operations of torch's that each were a kernel, or two, before queries and keys went together.
    @Test(arguments: [DType.float32, .bfloat16])
    func headsOfTwoStreamsTakeFewOperations(dtype: DType) throws {
        let (heads, d) = (3, 16)
        let picture = try Tensor.randn([2, 7, 3 * heads * d], seed: 1).to(dtype)
        let prompt = try Tensor.randn([2, 4, 3 * heads * d], seed: 2).to(dtype)
        func weight(_ seed: UInt32) throws -> Tensor { try Tensor.randn([d], seed: seed).to(dtype) }
        let norms = HeadNorms(
            query: try weight(3), key: try weight(4), addedQuery: try weight(5), addedKey: try weight(6))
        let (joint, counts) = try countingOperations {
            try form { try jointHeads(picture, prompt, norms: norms, headCount: heads, eps: 1e-6) }
        }
        #expect(counts["aten::rms_norm"] == 2 && counts["aten::cat"] == 2 + 2)
        #expect(counts["aten::_local_scalar_dense"] == nil)
        // By hand, each of the parts on its own.
        let parts = try picture.chunk(3, axis: 2).map { try $0.reshape([2, 7, heads, d]).transpose(1, 2).to(.float32) }
        let query = try rmsNorm(parts[0], weight: norms.query!.to(.float32), eps: 1e-6)
        let key = try rmsNorm(parts[1], weight: norms.key!.to(.float32), eps: 1e-6)
        let tolerance = dtype == .float32 ? 1e-6 : 1e-2
        try expectClose(
            joint.query.narrow(2, start: 0, length: 7).contiguous().to(.float32), query.contiguous(), within: tolerance)
        try expectClose(
            joint.key.narrow(2, start: 0, length: 7).contiguous().to(.float32), key.contiguous(), within: tolerance)
        #expect(try (joint.value.narrow(2, start: 0, length: 7).to(.float32) - parts[2]).abs().max().item() == 0)
    }

    @Test func itemsAreReadAtOnce() throws {
        let scalars = try [0.5, -3, 1e30].map { try Tensor.full([], $0) }
        let (values, counts) = try countingOperations { try Tensor.items(scalars) }
        #expect(values == [0.5, -3, Double(Float(1e30))])
        #expect(counts["aten::_local_scalar_dense"] == nil)
        // The control: one by one each is a read.
        let each = try countingOperations { try scalars.map { try $0.item() } }
        #expect(each.counts["aten::_local_scalar_dense"] == 3)
    }
}
