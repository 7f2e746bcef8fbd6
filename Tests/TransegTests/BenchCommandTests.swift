import Foundation
import TestSupport
import Testing

/// `bench` says what it promises to; how fast anything is, is no test's matter.
@Suite struct BenchCommandTests {
    private func numbers(_ arguments: [String]) throws -> [String: Double] {
        try withTemporaryFolder { folder in
            let result = try Program.run(["bench"] + arguments + ["--runs", "1", "--json"], in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(try names(in: folder).isEmpty)
            return try JSONDecoder().decode([String: Double].self, from: Data(result.output.utf8))
        }
    }

    @Test func segmentationIsTimed() throws {
        let numbers = try numbers(["segment", "--model", tinyModel, "--size", "64"])
        for key in ["load_s", "encode_s", "transformer_s", "decode_s", "total_s", "peak_gib", "total_share_of_peak"] {
            #expect(try #require(numbers[key], "\(key)") > 0)
        }
    }

    @Test func trainingIsTimed() throws {
        let numbers = try numbers(["train", "--model", tinyModel, "--size", "64", "--trainable", "folded"])
        for key in ["load_s", "update_s", "peak_gib", "pictures_per_s"] {
            #expect(try #require(numbers[key], "\(key)") > 0)
        }
    }

    @Test func profilesNameOperations() throws {
        try withTemporaryFolder { folder in
            let result = try Program.run(
                ["bench", "segment", "--model", tinyModel, "--size", "64", "--runs", "1", "--profile"], in: folder)
            #expect(result.exitCode == 0 && result.output.contains("conv2d") && result.output.contains("linear"))
        }
    }

    @Test(arguments: [(["--runs", "0"], "--runs is 0"), (["--json", "--profile"], "exclude each other")])
    func badValuesAreUsageErrors(options: [String], text: String) throws {
        let result = try Program.run(["bench", "segment"] + options, in: "/tmp")
        #expect(result.exitCode == 64 && result.errors.contains(text), "\(result.errors)")
    }
}
