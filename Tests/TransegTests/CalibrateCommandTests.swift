import Files
import Foundation
import Images
import SegmentationMetrics
import TestSupport
import Testing

@Suite struct CalibrateCommandTests {
    @Test func aCalibratedModelHasTheSameMasks() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.copyItem(atPath: tinyModel, toPath: "\(folder)/model")
            func run(_ arguments: String...) throws -> ProgramResult {
                let result = try Program.run(
                    arguments.flatMap { $0.split(separator: " ").map(String.init) }, in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
                return result
            }
            _ = try run("synthesize scenes --validation 3 --test 2 --size 64 --quiet")
            _ = try run("segment scenes/test/easy/images --model model --output before")
            let told = try run("calibrate --model model --dataset scenes").output
            #expect(told.contains("on these 3 pictures"), "\(told)")
            let text = try String(contentsOfFile: "\(folder)/model/calibration.json", encoding: .utf8)
            #expect(text.contains(#""data" : "scenes, validation, mix""#), "\(text)")
            _ = try run("segment scenes/test/easy/images --model model --output after")
            _ = try run("segment scenes/test/easy/images --model model --output plain --plain")
            func files(_ output: String, _ ending: String) throws -> [Data] {
                try names(in: "\(folder)/\(output)").filter { $0.hasSuffix(ending) }.map {
                    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(output)/\($0)"))
                }
            }
            #expect(try files("before", "_mask.png") == files("after", "_mask.png"))
            #expect(try files("before", "_soft.png") != files("after", "_soft.png"))
            _ = try run("evaluate --model model --dataset scenes --output scores --quiet --tta flip")
            let metrics = try Metrics(contentsOf: "\(folder)/scores/metrics.json")
            #expect(metrics.settings.temperature != nil && metrics.settings.prediction == "flips")
            // What was calibrated otherwise, or by other masks, is another evaluation.
            let other = try Program.run(
                ["evaluate", "--model", "model", "--dataset", "scenes", "--output", "scores", "--resume"], in: folder)
            #expect(other.exitCode == 1 && other.errors.contains("prediction"), "\(other.errors)")
        }
    }

    @Test func itWritesIntoAModelsFolderOnly() throws {
        try withTemporaryFolder { folder in
            for model in [[], ["--model", "some/model"]] {
                let result = try Program.run(["calibrate", "--dataset", "none"] + model, in: folder)
                #expect(result.exitCode == 64 && result.errors.contains("--model"), "\(result.errors)")
            }
        }
    }

    @Test func waysOfMakingMasksAreChecked() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 120, height: 90, seed: 1).write(to: "\(folder)/a.png")
            let segment = ["segment", "a.png", "--model", tinyModel]
            for (options, text) in [
                (["--tiles", "--cascade", "64,128"], "exclude each other"), (["--cascade", "128,64"], "cascade"),
                (["--cascade", "64"], "cascade"), (["--cascade", "72,144"], "not a multiple of 16"),
                (["--cascade", "64,128", "--size", "64"], "--cascade"), (["--tta", "flip,flip"], "tta"),
                (["--tta", "turn"], "tta"), (["--tiles", "--dump", "a.safetensors"], "--dump"),
            ] {
                let result = try Program.run(segment + options, in: folder)
                #expect(result.exitCode == 64 && result.errors.contains(text), "\(options): \(result.errors)")
            }
            let tiled = try Program.run(
                segment + ["--tiles", "--tta", "flip", "--json", "--write", "mask", "--batch", "2"], in: folder)
            #expect(tiled.exitCode == 0 && tiled.output.contains(#""passes":14"#), "\(tiled.output) \(tiled.errors)")
            #expect(tiled.errors.contains("Note: tiles, flips at 64 x 64"))
        }
    }

    @Test func unsurePicturesAreRejected() throws {
        try withTemporaryFolder { folder in
            for seed in 0..<2 { try drawnPicture(width: 60, height: 50, seed: seed).write(to: "\(folder)/\(seed).png") }
            let all = ["segment", "0.png", "1.png", "--model", tinyModel]
            let none = try Program.run(all + ["--reject-below", "0", "--output", "kept"], in: folder)
            #expect(none.exitCode == 0, "\(none.errors)")
            let rejected = try Program.run(
                all + ["--reject-below", "1", "--json", "--write", "mask,uncertainty", "--output", "rejected"],
                in: folder)
            #expect(rejected.exitCode == 2)
            #expect(rejected.errorLines.count { $0.hasPrefix("Rejected: ") } == 2, "\(rejected.errors)")
            #expect(try names(in: "\(folder)/rejected").isEmpty)
            let lines = rejected.output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { $0.contains(#""confidence":0."#) && $0.contains(#""rejected":true"#) })
        }
    }
}
