import Foundation
import Images
import TestSupport
import Testing

/// The variables with which torch and oneDNN are kept from wide vectors, which hold for the kernels of this package too.
@Suite struct ProcessorTests {
    @Test(arguments: [
        ["ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"],
        ["ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"],
    ])
    func masksAreThoseOfWiderVectorsToRounding(environment: [String: String]) throws {
        try withTemporaryFolder { folder in
            let masks = try [[:], environment].enumerated().map { index, environment in
                let result = try Program.run(
                    ["segment", "--write", "soft", "--output", "\(index)"], in: folder, environment: environment)
                #expect(result.exitCode == 0, "\(result.errors)")
                let name = try #require(try names(in: "\(folder)/\(index)").first)
                return try ImageReader().read(contentsOf: "\(folder)/\(index)/\(name)").pixels
            }
            let apart = zip(masks[0], masks[1]).map { abs(Int($0) - Int($1)) }
            #expect(masks[0].count == masks[1].count && (apart.max() ?? 255) <= 1)
        }
    }

    @Test func eightBitsThatWouldOverflowAreRefused() throws {
        try withTemporaryFolder { folder in
            let result = try Program.run(
                ["segment", "--precision", "int8"], in: folder, environment: ["ONEDNN_MAX_CPU_ISA": "AVX2"])
            #expect(result.exitCode == 1 && result.errors.contains("VNNI"), "\(result.errors)")
        }
    }
}
