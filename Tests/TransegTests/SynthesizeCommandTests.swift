import Foundation
import Images
import TestSupport
import Testing

@Suite struct SynthesizeCommandTests {
    @Test func aDataSetIsDrawn() throws {
        try withTemporaryFolder { folder in
            let command = ["synthesize", "scenes", "--train", "3", "--test", "5", "--size", "32", "--seed", "2"]
            let result = try Program.run(command, in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.output.contains("8 pictures of 32 x 32 in scenes: 3 train, 0 validation, 5 test"))
            #expect(try names(in: "\(folder)/scenes") == ["test", "train"])
            #expect(try names(in: "\(folder)/scenes/test/hard/masks") == ["8_mask.png"])

            let again = try Program.run(command, in: folder)
            #expect(again.exitCode == 1)
            #expect(again.errors.contains("scenes has files in it, such as test, and nothing is overwritten"))
            let nowhere = try Program.run(["synthesize", "/proc/scenes", "--train", "1"], in: folder)
            #expect(nowhere.exitCode == 1 && nowhere.errorLines.count == 1)
            #expect(nowhere.errors.contains("/proc/scenes cannot be written"), "\(nowhere.errors)")
            let quiet = try Program.run(["synthesize", "more", "--train", "2", "--size", "16", "-q"], in: folder)
            #expect(quiet.exitCode == 0 && quiet.output.isEmpty && quiet.errors.isEmpty)
        }
    }

    @Test func backdropsThatCannotBeReadAreNamed() throws {
        try withTemporaryFolder { folder in
            let command = ["synthesize", "scenes", "--train", "2", "--size", "16", "--backdrops", "walls"]
            let nowhere = try Program.run(command, in: folder)
            #expect(nowhere.exitCode == 1 && nowhere.errors.contains("walls is not a folder"), "\(nowhere.errors)")
            try FileManager.default.createDirectory(atPath: "\(folder)/walls", withIntermediateDirectories: true)
            try Image(width: 4, height: 3, channels: 3, pixels: Array(repeating: 90, count: 36))
                .write(to: "\(folder)/walls/a.png")
            #expect(try Program.run(command + ["-q"], in: folder).exitCode == 0)
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(folder)/walls/b.jpg"))
            let torn = try Program.run(["synthesize", "more"] + command.dropFirst(2), in: folder)
            #expect(torn.exitCode == 1 && torn.errors.contains("walls/b.jpg"), "\(torn.errors)")
            #expect(try names(in: folder) == ["scenes", "walls"])
        }
    }

    @Test(arguments: [
        ["--train", "-1"], ["--train", "1", "--size", "40"], ["--train", "1", "--size", "0"], [],
        ["--train", "1", "--threads", "0"], ["--train", "1", "--seed", "-3"],
    ])
    func badValuesAreUsageErrors(options: [String]) throws {
        try withTemporaryFolder { folder in
            let result = try Program.run(["synthesize", "scenes"] + options, in: folder)
            #expect(result.exitCode == 64)
            #expect(try names(in: folder).isEmpty)
        }
    }
}
