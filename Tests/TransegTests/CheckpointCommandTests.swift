import Foundation
import TestSupport
import Testing

/// `transeg checkpoint`, of a checkpoint that two processes wrote.
@Suite struct CheckpointCommandTests {
    @Test func inspectAndVerify() throws {
        try withTemporaryFolder { folder in
            let drawn = try Program.run(
                ["synthesize", "scenes", "--train", "4", "--size", "64", "-q"], in: folder)
            #expect(drawn.exitCode == 0, "\(drawn.errors)")
            let results = try SeveralProcesses(
                2,
                [
                    "train", "--base-model-path", tinyModel, "--dataset-path", "scenes", "--resolution", "32",
                    "--data-type", "fp32", "--threads", "1", "--train-batch-size", "1",
                    "--gradient-accumulation-steps", "1", "--max-train-steps", "1", "--output-dir", "run",
                    "--process-timeout", "60",
                ], in: folder
            ).results()
            #expect(results.map(\.exitCode) == [0, 0])
            let shown = try Program.run(["checkpoint", "inspect", "run/checkpoint-1"], in: folder)
            #expect(shown.exitCode == 0 && shown.output.contains("run/checkpoint-1: update 1, 2 samples"))
            #expect(shown.output.contains("optimizer-00002-of-00002.safetensors"))
            let json = try Program.run(["checkpoint", "inspect", "run/checkpoint-1", "--json"], in: folder)
            let facts = try #require(try JSONSerialization.jsonObject(with: json.outputBytes) as? [String: Any])
            #expect(facts["world_size"] as? Int == 2 && facts["step"] as? Int == 1)
            #expect((facts["settings"] as? [String: String])?["resolution"] == "32")
            let verified = try Program.run(["checkpoint", "verify", "run/checkpoint-1"], in: folder)
            #expect(verified.exitCode == 0 && verified.output.hasPrefix("run/checkpoint-1 is whole: "))
            #expect(verified.output.hasSuffix("written by 2 processes\n"))
            let shard = "optimizer-00002-of-00002.safetensors"
            try FileManager.default.removeItem(atPath: "\(folder)/run/checkpoint-1/\(shard)")
            let damaged = try Program.run(["checkpoint", "verify", "run/checkpoint-1"], in: folder)
            #expect(damaged.exitCode == 1 && damaged.errors.contains("\(shard) is missing"))
            // The run's folder is none of its checkpoints.
            let none = try Program.run(["checkpoint", "verify", "run"], in: folder)
            #expect(none.exitCode == 1 && none.errors.contains("run has checkpoint-1"), "\(none.errors)")
        }
    }
}
