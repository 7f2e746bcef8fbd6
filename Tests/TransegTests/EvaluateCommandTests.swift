import Foundation
import Images
import SegmentationMetrics
import TestSupport
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// `evaluate`, `compare` and `vae-ceiling` as their users run them.
@Suite struct EvaluateCommandTests {
    /// Drawn scenes in the folder `scenes`.
    private func synthesize(_ count: Int, in folder: String) throws {
        let result = try Program.run(
            ["synthesize", "scenes", "--test", "\(count)", "--size", "64", "--seed", "4", "-q"], in: folder)
        #expect(result.exitCode == 0, "\(result.errors)")
    }

    private func evaluate(_ arguments: [String], in folder: String) throws -> ProgramResult {
        try Program.run(["evaluate", "-q"] + arguments, in: folder)
    }

    private let scenes = ["--dataset", "scenes", "--model", tinyModel]

    @Test func aModelIsScored() throws {
        try withTemporaryFolder { folder in
            try synthesize(6, in: folder)
            let result = try Program.run(["evaluate", "--batch", "4"] + scenes, in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.output.contains("6 pictures scored"))
            let output = "\(folder)/transeg-evaluation"
            #expect(try names(in: output) == ["metrics.json", "per_image.csv", "pictures", "report.html"])
            #expect(
                try names(in: "\(output)/pictures/hard")
                    == ["img.jpg", "maskgt.png", "maskq.png", "pred.png"].map { "5_\($0)" })
            let metrics = try Metrics(contentsOf: "\(output)/metrics.json")
            #expect(metrics.protocols[.original]?.images == 6)
            #expect(metrics.difficulty[.hard]?[.native]?.images == 1)
            #expect(metrics.settings.resolution == .init(width: 64, height: 64))
            #expect(metrics.data.filesHash?.count == 64)

            // What was written says the same when it is scored as files, but for eight bits.
            let again = try evaluate(
                [
                    "--predictions", "transeg-evaluation/pictures", "--ground-truth", "transeg-evaluation/pictures",
                    "--output", "again",
                ],
                in: folder)
            #expect(again.exitCode == 0, "\(again.errors)")
            let fromFiles = try Metrics(contentsOf: "\(folder)/again/metrics.json")
            for quantity in [Quantity.iou, .mse] {
                let (one, other) = (metrics.protocols[.original]?[quantity], fromFiles.protocols[.original]?[quantity])
                #expect(abs((one ?? 0) - (other ?? 1)) < 0.01)
            }
            #expect(fromFiles.difficulty[.easy]?[.original]?.images == 5)

            let compared = try Program.run(
                ["compare", "transeg-evaluation/metrics.json", "transeg-evaluation", "--json"], in: folder)
            #expect(compared.exitCode == 0 && compared.errors.isEmpty)
            #expect(compared.output.contains(#""difference" : 0,"#))
            let warned = try Program.run(["compare", "transeg-evaluation", "again"], in: folder)
            #expect(warned.exitCode == 0 && warned.errors.contains("Warning: "))
            let paged = try Program.run(
                ["compare", "transeg-evaluation", "again", "--report", "compare.html"], in: folder)
            #expect(paged.exitCode == 0 && paged.output == warned.output)
            let page = try String(contentsOfFile: "\(folder)/compare.html", encoding: .utf8)
            for text in ["transeg-evaluation", "Not alike:", "Boundary F", "IoU of each picture", "Better in B"] {
                #expect(page.contains(text), "\(text)")
            }
            #expect(XMLParser(data: Data(page.utf8)).parse())
            let own = try Program.run(
                ["compare", "transeg-evaluation", "again", "--report", "transeg-evaluation/report.html"], in: folder)
            #expect(own.exitCode == 64 && own.errors.contains("cannot be written"), "\(own.errors)")
        }
    }

    @Test func anInterruptedEvaluationGoesOn() throws {
        try withTemporaryFolder { folder in
            try synthesize(40, in: folder)
            let whole = try evaluate(scenes + ["--output", "whole"], in: folder)
            #expect(whole.exitCode == 0, "\(whole.errors)")

            let process = Program.makeProcess(["evaluate", "-q", "--output", "cut"] + scenes, in: folder)
            (process.standardError, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
            try process.run()
            let partial = "\(folder)/cut/per_image.partial.csv"
            for _ in 0..<2000 {
                let lines = (try? String(contentsOfFile: partial, encoding: .utf8))?.split(separator: "\n").count ?? 0
                if lines > 4 { break }
                usleep(5000)
            }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/cut/metrics.json"))
            // As if the last line had been cut off in the middle.
            let handle = try #require(FileHandle(forUpdatingAtPath: partial))
            try handle.truncate(atOffset: handle.seekToEnd() - 5)
            try handle.close()

            let refused = try evaluate(scenes + ["--output", "cut"], in: folder)
            #expect(refused.exitCode == 1 && refused.errors.contains("--resume"))
            let changed = try evaluate(scenes + ["--output", "cut", "--resume", "--threshold", "0.4"], in: folder)
            #expect(changed.exitCode == 1)
            #expect(changed.errors.contains("threshold was 0.5 and is 0.4"), "\(changed.errors)")
            let rounded = try evaluate(scenes + ["--output", "cut", "--resume", "--precision", "int8"], in: folder)
            #expect(rounded.exitCode == 1)
            #expect(rounded.errors.contains("precision was exact and is int8"), "\(rounded.errors)")
            let resumed = try evaluate(scenes + ["--output", "cut", "--resume"], in: folder)
            #expect(resumed.exitCode == 0, "\(resumed.errors)")
            for name in ["metrics.json", "per_image.csv"] {
                #expect(
                    FileManager.default.contentsEqual(
                        atPath: "\(folder)/cut/\(name)", andPath: "\(folder)/whole/\(name)"))
            }
            #expect(try names(in: "\(folder)/cut").count == 4)
            let other = try evaluate(scenes + ["--output", "scenes", "--resume"], in: folder)
            #expect(other.exitCode == 1 && other.errors.contains("no interrupted evaluation"))
        }
    }

    @Test func masksMadeByAnythingAreScored() throws {
        try withTemporaryFolder { folder in
            try synthesize(5, in: folder)
            // The truth itself, by the names and in the colors of the data set.
            let files = FileManager.default
            for difficulty in ["easy", "hard"] {
                try files.createDirectory(atPath: "\(folder)/own/\(difficulty)", withIntermediateDirectories: true)
                for name in try names(in: "\(folder)/scenes/test/\(difficulty)/masks") {
                    try files.copyItem(
                        atPath: "\(folder)/scenes/test/\(difficulty)/masks/\(name)",
                        toPath: "\(folder)/own/\(difficulty)/\(name)")
                }
            }
            let result = try evaluate(
                ["--predictions", "own", "--dataset", "scenes", "--predicted-classes", "--no-pictures"], in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            let metrics = try Metrics(contentsOf: "\(folder)/transeg-evaluation/metrics.json")
            #expect(metrics.protocols[.translab]?[.meanIoU] == 1)
            #expect(metrics.protocols[.native]?[.boundaryF] == 1)
            #expect(try names(in: "\(folder)/transeg-evaluation") == ["metrics.json", "per_image.csv", "report.html"])

            try files.removeItem(atPath: "\(folder)/own/hard/5_mask.png")
            let missing = try evaluate(["--predictions", "own", "--dataset", "scenes", "--output", "o"], in: folder)
            #expect(
                missing.exitCode == 1
                    && missing.errors.contains("own has no prediction for scenes/test/hard/images/5.jpg"))
        }
    }

    @Test func theAutoencoderAloneIsScored() throws {
        try withTemporaryFolder { folder in
            try synthesize(2, in: folder)
            let result = try Program.run(["vae-ceiling", "--json", "--no-pictures"] + scenes, in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            let metrics = try JSONDecoder().decode(Metrics.self, from: result.outputBytes)
            #expect(metrics.protocols[.original]?.images == 2 && metrics.protocols[.native] == nil)
        }
    }

    @Test func badInputIsOneSentence() throws {
        try withTemporaryFolder { folder in
            try synthesize(2, in: folder)
            func fails(_ arguments: [String], _ text: String, code: Int32 = 1) throws {
                let result = try evaluate(arguments, in: folder)
                #expect(result.exitCode == code, "\(arguments): \(result.errors)")
                #expect(result.errors.contains(text), "\(arguments): \(result.errors)")
                #expect(code == 64 || result.errorLines.count == 1, "\(result.errors)")
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/transeg-evaluation/metrics.json"))
            }
            try fails(scenes + ["--split", "validation"], "scenes has no split validation")
            try fails(scenes + ["--split", "tset"], "tset", code: 64)
            try fails(["--dataset", "nowhere"], "nowhere")
            try fails(scenes + ["--output", "/proc/no"], "/proc/no cannot be written")
            try fails(scenes + ["--size", "50"], "50 is not a multiple of 16", code: 64)
            try fails(["--predictions", "x"], "--ground-truth", code: 64)
            try fails(scenes + ["--plan", "no.json"], "no.json")

            let small = try Image(width: 4, height: 4, channels: 1, pixels: [UInt8](repeating: 0, count: 16))
            let masks = "\(folder)/scenes/test/easy/masks"
            try FileManager.default.removeItem(atPath: "\(masks)/1_mask.png")
            try fails(scenes, "scenes/test/easy/images/1.jpg has no mask")
            try small.write(to: "\(masks)/1_mask.png")
            try fails(scenes + ["--output", "a"], "1_mask.png has 4 x 4 pixels, but its picture")
            // What failed before its first picture does not stand in the way.
            try fails(scenes + ["--output", "a"], "1_mask.png has 4 x 4 pixels, but its picture")
            let wrong = try Image(width: 64, height: 64, channels: 1, pixels: [UInt8](repeating: 77, count: 4096))
            try wrong.write(to: "\(masks)/1_mask.png")
            try fails(scenes + ["--output", "b"], "such as the gray 77")
            try FileManager.default.createDirectory(atPath: "\(folder)/p", withIntermediateDirectories: true)
            for id in [1, 2] { try wrong.write(to: "\(folder)/p/\(id)_pred.png") }
            try small.write(to: "\(masks)/1_mask.png")
            try fails(
                ["--predictions", "p", "--ground-truth", "scenes/test/easy/masks", "--output", "c"],
                "1_pred.png has 64 x 64 pixels and its truth 4 x 4")
        }
    }
}
