import Foundation
import Safetensors
import TestSupport
import Testing

/// Checkpoints that earlier versions wrote.
@Suite struct OldCheckpointTests {
    private let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/training").path

    private func floats(_ path: String) throws -> [String: [Float]] {
        let file = try SafetensorsFile(path: path)
        return try file.tensors.mapValues { info in
            try file.withUnsafeBytes(of: info.name) { bytes in
                stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
            }
        }
    }

    /// An optimizer's state by blocks, as that version had it.
    private func byParts(_ state: [String: [Float]]) -> [String: [Float]] {
        var parts: [String: [Float]] = [:]
        for (key, values) in state.sorted(by: { $0.key < $1.key }) where key != "step" {
            let names = key.split(separator: ".")
            parts["\(names[0]).\(names[2])", default: []] += values
            parts["step.\(names[2])"] = state["step"]
        }
        return parts
    }

    /// `checkpoint-2` is of version 0.1's `train` without a format version; `expected` is what that came to after two updates more, of the
    /// posterior's mode: draws from it follow from other seeds now.
    @Test func aCheckpointWithoutAFormatGoesOn() throws {
        try withTemporaryFolder { folder in
            _ = try copyModel("tiny-0", into: folder)
            try FileManager.default.moveItem(atPath: "\(folder)/tiny-0", toPath: "\(folder)/model")
            try FileManager.default.createDirectory(atPath: "\(folder)/run", withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: "\(fixtures)/checkpoint-2", toPath: "\(folder)/run/checkpoint-2")
            let drawn = try Program.run(
                ["synthesize", "scenes", "--train", "7", "--validation", "3", "--size", "64", "--seed", "4", "-q"],
                in: folder)
            #expect(drawn.exitCode == 0, "\(drawn.errors)")
            let arguments = """
                train -q --base-model-path model --dataset-path scenes --output-dir run --resolution 32 --train-batch-size 2 \
                --gradient-accumulation-steps 2 --max-train-steps 4 --lr 1e-3 --scale-lr false --lr-warmup-steps 0 --seed 3 \
                --trainable lora --lora-rank 1 --lora-targets attn.to_q --data-type fp32 --ema-decay 0.9 \
                --resume-from-checkpoint checkpoint-2 --vae-posterior mode --allow-changes
                """
            let result = try Program.run(arguments.split(separator: " ").map(String.init), in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            for name in ["pytorch_lora_weights", "pytorch_lora_weights_ema", "optimizer"] {
                var found = try floats("\(folder)/run/checkpoint-4/\(name).safetensors")
                if name == "optimizer" { found = byParts(found) }
                let expected = try floats("\(fixtures)/expected/\(name).safetensors")
                #expect(Set(found.keys) == Set(expected.keys))
                for (key, values) in expected {
                    // The same bits on one machine; kernels of others round otherwise. An update moves weights by 1e-3.
                    let tolerance = 1e-3 * max(1e-3, values.map(abs).max() ?? 0)
                    let others = try #require(found[key])
                    #expect(
                        values.count == others.count && zip(values, others).allSatisfy { abs($0 - $1) <= tolerance },
                        "\(name): \(key)")
                }
            }
        }
    }
}
