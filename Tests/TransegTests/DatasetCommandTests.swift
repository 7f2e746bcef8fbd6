import Foundation
import Images
import SegmentationMetrics
import TestSupport
import Testing

/// `dataset audit` and `dataset preview`, and plans in `evaluate`.
@Suite struct DatasetCommandTests {
    @Test func aPlanIsMadeReviewedAndApplied() throws {
        try withTemporaryFolder { folder in
            func run(_ arguments: [String]) throws -> ProgramResult { try Program.run(arguments, in: folder) }
            #expect(
                try run(["synthesize", "scenes", "--test", "6", "--size", "64", "--seed", "4", "-q"]).exitCode == 0)
            let sound = try run(["dataset", "audit", "scenes"])
            #expect(sound.exitCode == 0, "\(sound.output)\(sound.errors)")
            #expect(sound.output.contains("test easy: 5 pictures, sides 64 x 64 to 64 x 64"))
            #expect(sound.output.hasSuffix("nothing is wrong\n"))

            // A mask that has the truth's things in blue.
            let mask = "\(folder)/scenes/test/easy/masks/1_mask.png"
            let picture = try ImageReader().read(contentsOf: mask)
            let blue = try Image(
                width: 64, height: 64, channels: 3,
                pixels: picture.pixels.enumerated().map { $0.offset % 3 == 2 && $0.element == 0 ? 200 : $0.element })
            try blue.write(to: mask)
            let evaluate = ["evaluate", "--dataset", "scenes", "--model", tinyModel, "-q", "--no-pictures"]
            let before = try run(evaluate + ["--output", "before"])
            #expect(
                before.exitCode == 1 && before.errors.contains("1_mask.png (8-bit RGB) is not understood"),
                "\(before.errors)")

            let faulty = try run(
                ["dataset", "audit", "scenes", "--repair", "plan.json", "--sheet", "suspects.html", "--json"])
            #expect(faulty.exitCode == 1 && faulty.output.contains(#""kind" : "foreign_colors""#))
            #expect(
                try String(contentsOfFile: "\(folder)/plan.json", encoding: .utf8).contains(#""action" : "exclude""#))
            #expect(try String(contentsOfFile: "\(folder)/suspects.html", encoding: .utf8).contains("1_mask.png"))
            let again = try run(["dataset", "audit", "scenes", "--repair", "plan.json"])
            #expect(again.exitCode == 64 && again.errors.contains("plan.json exists"))
            #expect(try run(["dataset", "audit", "scenes", "--plan", "plan.json"]).exitCode == 0)

            let after = try run(evaluate + ["--output", "after", "--plan", "plan.json"])
            #expect(after.exitCode == 0, "\(after.errors)")
            let metrics = try Metrics(contentsOf: "\(folder)/after/metrics.json")
            #expect(metrics.protocols[.original]?.images == 5)
            #expect(metrics.data.plan?.hasPrefix("plan.json ") == true)
        }
    }

    @Test func augmentedPairsAreDrawn() throws {
        try withTemporaryFolder { folder in
            func run(_ arguments: [String]) throws -> ProgramResult { try Program.run(arguments, in: folder) }
            #expect(try run(["synthesize", "scenes", "--train", "3", "--size", "32", "-q"]).exitCode == 0)
            let preview = ["dataset", "preview", "scenes", "--count", "2", "--epochs", "3", "--size", "48"]
            let result = try run(preview)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.output.contains("preview.jpg: 2 pictures in 3 epochs"))
            let sheet = try ImageReader().read(contentsOf: "\(folder)/preview.jpg")
            // Four columns and two rows a picture, each cell of 48 with a gap of 6, and a line of 22 with the picture's name.
            #expect((sheet.width, sheet.height) == (4 * 54 + 6, 4 * 54 + 6 + 2 * 22))
            #expect(try run(preview + ["--seed", "1", "--output", "other.jpg"]).exitCode == 0)
            #expect(!FileManager.default.contentsEqual(atPath: "\(folder)/preview.jpg", andPath: "\(folder)/other.jpg"))
            #expect(try run(["dataset", "preview", "scenes", "--split", "test"]).errors.contains("it has train"))
            #expect(try run(["dataset", "preview", "scenes", "--size", "0"]).exitCode == 64)
            #expect(try run(["dataset", "audit", "nowhere"]).exitCode == 1)
        }
    }
}
