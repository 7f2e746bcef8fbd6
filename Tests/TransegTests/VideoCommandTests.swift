import Foundation
import Images
import TestSupport
import Testing

private let ffmpeg = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"].first {
    FileManager.default.isExecutableFile(atPath: $0)
}

/// Videos through the program; without ffmpeg there is the message alone.
@Suite struct VideoCommandTests {
    private func make(_ path: String, frames: Int = 7, _ options: [String] = []) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(ffmpeg))
        process.arguments =
            [
                "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc=size=40x32:rate=30000/1001", "-frames:v",
                "\(frames)",
            ] + options + [path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    /// The frames of a video as PNG files, in order.
    private func frames(of video: String, in folder: String) throws -> [Image] {
        let target = "\(folder)/frames-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(ffmpeg))
        process.arguments = ["-v", "error", "-nostdin", "-i", video, "\(target)/%04d.png"]
        try process.run()
        process.waitUntilExit()
        return try names(in: target).map { try ImageReader().read(contentsOf: "\(target)/\($0)") }
    }

    @Test func withoutFFmpegTheMessageSaysHowToGetIt() throws {
        try withTemporaryFolder { folder in
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/a.mp4"))
            let result = try Program.run(
                ["segment", "a.mp4", "--model", tinyModel], in: folder, environment: ["PATH": "/nowhere"])
            #expect(result.exitCode == 1 && result.errors.contains("apt install ffmpeg"), "\(result.errors)")
        }
    }

    @Test(.enabled(if: ffmpeg != nil)) func aVideoIsItsFrames() throws {
        try withTemporaryFolder { folder in
            try make("\(folder)/a.mp4")
            let result = try Program.run(
                [
                    "segment", "a.mp4", "--model", tinyModel, "--write", "soft,mask,overlay,cutout", "--batch", "2",
                    "--json",
                    "--output", "out",
                ], in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(
                try names(in: "\(folder)/out") == ["a_cutout.mov", "a_mask.mp4", "a_overlay.mp4", "a_soft.mp4"])
            let lines = result.output.split(separator: "\n")
            #expect(lines.count == 8)
            #expect(lines.last?.contains("\"frames\":7") == true && lines.last?.contains("30000/1001") == true)
            // Its masks are those of its frames as pictures.
            let own = try frames(of: "\(folder)/a.mp4", in: folder)
            #expect(own.count == 7)
            try FileManager.default.createDirectory(atPath: "\(folder)/own", withIntermediateDirectories: true)
            for (index, frame) in own.enumerated() { try frame.write(to: "\(folder)/own/\(index).png") }
            let single = try Program.run(
                ["segment", "own", "--model", tinyModel, "--write", "soft", "--output", "single"], in: folder)
            #expect(single.exitCode == 0, "\(single.errors)")
            for (index, frame) in try frames(of: "\(folder)/out/a_soft.mp4", in: folder).enumerated() {
                let expected = try ImageReader().read(contentsOf: "\(folder)/single/\(index)_soft.png")
                let differences = zip(frame.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
                #expect(differences.reduce(0, +) / differences.count <= 2, "frame \(index)")
            }
        }
    }

    @Test(.enabled(if: ffmpeg != nil)) func everyNthMaskIsHeld() throws {
        try withTemporaryFolder { folder in
            try make("\(folder)/a.mp4")
            let result = try Program.run(
                [
                    "segment", "a.mp4", "--model", tinyModel, "--write", "soft", "--every", "3", "--json", "--output",
                    "out",
                ],
                in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            // Frames 0, 3 and 6, and the video.
            #expect(result.output.split(separator: "\n").count == 4)
            let masks = try frames(of: "\(folder)/out/a_soft.mp4", in: folder)
            func distance(_ a: Int, _ b: Int) -> Int {
                zip(masks[a].pixels, masks[b].pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
                    / masks[a].pixels.count
            }
            #expect(masks.count == 7 && distance(0, 2) <= 1 && distance(3, 5) <= 1)
        }
    }

    @Test(.enabled(if: ffmpeg != nil)) func damageWritesNothing() throws {
        try withTemporaryFolder { folder in
            try make("\(folder)/whole.mp4", frames: 40, ["-vf", "noise=alls=60:allf=t", "-movflags", "+faststart"])
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/whole.mp4"))
            try bytes.prefix(bytes.count * 3 / 4).write(to: URL(fileURLWithPath: "\(folder)/cut.mp4"))
            let result = try Program.run(["segment", "cut.mp4", "--model", tinyModel, "--output", "out"], in: folder)
            #expect(result.exitCode == 1 && result.errors.contains(/cut.mp4 is damaged: frame \d+/), "\(result.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out") == [])
            try make("\(folder)/cut.mov", frames: 3)
            let same = try Program.run(["segment", "cut.mp4", "cut.mov", "--model", tinyModel], in: folder)
            #expect(same.exitCode == 1 && same.errors.contains("would both have the result"), "\(same.errors)")
            for options in [["--every", "0"], ["--smooth", "0"], ["--skip-existing"], ["--write", "coco"]] {
                #expect(try Program.run(["segment", "cut.mp4"] + options, in: folder).exitCode == 64, "\(options)")
            }
        }
    }

    @Test func smoothingIsTheSameInSegmentAndEvaluate() throws {
        try withTemporaryFolder { folder in
            _ = try Program.run(["synthesize", "scenes", "--size", "64", "--test", "4", "-q"], in: folder)
            let start = ["evaluate", "--dataset", "scenes", "--model", tinyModel, "-q", "--output"]
            for (name, options) in [
                ("plain", []), ("one", ["--smooth", "1"]), ("half", ["--smooth", "0.5"]),
                ("batch", ["--smooth", "0.5", "--batch", "2"]),
            ] {
                let result = try Program.run(start + [name] + options, in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
            }
            func table(_ name: String) throws -> String {
                try String(contentsOfFile: "\(folder)/\(name)/per_image.csv", encoding: .utf8)
            }
            #expect(try table("plain") == table("one"))
            #expect(try table("plain") != table("half"))
            let resumed = try Program.run(start + ["x", "--smooth", "0.5", "--resume"], in: folder)
            #expect(resumed.exitCode == 64 && resumed.errors.contains("leave --resume out"))
        }
    }
}
