import Foundation
import Images
import Testing

@testable import Video

private let hasFFmpeg = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
}

/// Videos that ffmpeg makes, read and written again; without ffmpeg there is nothing to test.
@Suite(.enabled(if: hasFFmpeg)) struct VideoTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("video-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private func ffmpeg(_ arguments: [String]) throws {
        let helper = try Helper("ffmpeg", ["-v", "error", "-y"] + arguments, .writing)
        try helper.input?.close()
        #expect(helper.failure() == nil)
    }

    /// A clip in which frame n is a gray of 20 + 8 n.
    private func clip(
        _ path: String, frames: Int = 12, rate: String = "30000/1001", size: String = "32x24", _ options: [String] = []
    ) throws {
        try ffmpeg(
            [
                "-f", "lavfi", "-i", "color=black:size=\(size):rate=\(rate),format=gray,geq=lum=20+8*N", "-frames:v",
                "\(frames)", "-c:v", "libx264", "-crf", "0", "-g", "6", "-bf", "2",
            ] + options + [path])
    }

    private func frames(_ reader: VideoReader) async -> [VideoFrame] {
        var all: [VideoFrame] = []
        for await frame in reader { all.append(frame) }
        return all
    }

    @Test(arguments: ["25/1", "30000/1001", "24000/1001", "50/1"]) func framesComeOnceAndInOrder(rate: String)
        async throws
    {
        try await withFolder { folder in
            try clip("\(folder)/a.mp4", frames: 20, rate: rate)
            let info = try VideoInfo(of: "\(folder)/a.mp4")
            #expect(info.rate == FrameRate(rate) && info.frameCount == 20 && info.pixelAspect == nil)
            let reader = try VideoReader(info)
            let all = await frames(reader)
            #expect(reader.failure == nil && all.map(\.index) == Array(0..<20))
            let grays = all.map { Int($0.image.pixels[0]) }
            #expect(zip(grays, grays.dropFirst()).allSatisfy { (5...12).contains($1 - $0) }, "\(grays)")
        }
    }

    @Test func turnsAndPixelsAreHeeded() async throws {
        try await withFolder { folder in
            try clip("\(folder)/flat.mp4", ["-vf", "setsar=4/3"])
            try ffmpeg(["-i", "\(folder)/flat.mp4", "-c", "copy", "-metadata:s:v", "rotate=90", "\(folder)/turned.mp4"])
            let flat = try VideoInfo(of: "\(folder)/flat.mp4")
            #expect(flat.pixelAspect == "4/3")
            let turned = try VideoInfo(of: "\(folder)/turned.mp4")
            let first = await frames(try VideoReader(turned)).first?.image
            try ffmpeg(["-i", "\(folder)/flat.mp4", "-c", "copy", "-metadata:s:v", "rotate=1e300", "\(folder)/odd.mkv"])
            #expect(try VideoInfo(of: "\(folder)/odd.mkv").pixelAspect == "4/3")
            // ffmpeg 5 writes the tag; what it wrote is what counts.
            if first?.width == 24 { #expect(turned.pixelAspect == "3/4" && first?.height == 32) }
        }
    }

    @Test(arguments: [(1, 33, 25), (3, 32, 24), (4, 32, 24)]) func whatIsWrittenIsReadAgain(
        channels: Int, width: Int, height: Int
    ) async throws {
        try await withFolder { folder in
            try clip("\(folder)/a.mp4")
            let info = try VideoInfo(of: "\(folder)/a.mp4")
            let path = "\(folder)/b.\(VideoWriter.suffix(hasAlpha: channels == 4))"
            func picture(_ index: Int) throws -> Image {
                try Image(
                    width: width, height: height, channels: channels,
                    pixels: [UInt8](repeating: UInt8(20 + 12 * index), count: width * height * channels))
            }
            let writer = try VideoWriter(to: path, like: picture(0), info: info)
            for index in 0..<9 { try writer.write(picture(index)) }
            #expect(!FileManager.default.fileExists(atPath: path))
            try writer.finish()
            let written = try VideoInfo(of: path)
            #expect(written.rate == info.rate && written.frameCount == 9)
            let all = await frames(try VideoReader(written))
            #expect(all.count == 9 && all[0].image.width == width && all[0].image.height == height)
            for (index, frame) in all.enumerated() where channels != 4 {
                #expect(frame.image.pixels.allSatisfy { abs(Int($0) - 20 - 12 * index) <= 3 }, "\(index)")
            }
        }
    }

    @Test func damageNamesTheFrame() async throws {
        try await withFolder { folder in
            try clip(
                "\(folder)/a.mp4", frames: 24, size: "320x240",
                ["-movflags", "+faststart", "-vf", "noise=alls=40:allf=t"])
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/a.mp4"))
            try bytes.prefix(bytes.count * 2 / 3).write(to: URL(fileURLWithPath: "\(folder)/cut.mp4"))
            let reader = try VideoReader(VideoInfo(of: "\(folder)/cut.mp4"))
            let count = await frames(reader).count
            guard case .damaged(_, let frame, _) = reader.failure else {
                Issue.record("\(String(describing: reader.failure))")
                return
            }
            #expect(frame == count && (1..<24).contains(count), "\(count)")
            try bytes.prefix(20).write(to: URL(fileURLWithPath: "\(folder)/head.mp4"))
            #expect(throws: VideoError.self) { try VideoInfo(of: "\(folder)/head.mp4") }
            try Data("#EXTM3U\n#EXTINF:1,\nhttp://localhost/a.ts\n".utf8).write(
                to: URL(fileURLWithPath: "\(folder)/list.mp4"))
            #expect(throws: VideoError.self) { try VideoInfo(of: "\(folder)/list.mp4") }
            #expect(throws: VideoError.self) { try VideoInfo(of: "\(folder)/none.mp4") }
        }
    }

    @Test func whatIsNotFinishedIsNotThere() async throws {
        try await withFolder { folder in
            try clip("\(folder)/a.mp4")
            let info = try VideoInfo(of: "\(folder)/a.mp4")
            let gray = try Image(width: 32, height: 24, channels: 1, pixels: [UInt8](repeating: 9, count: 768))
            do {
                let writer = try VideoWriter(to: "\(folder)/b.mp4", like: gray, info: info)
                try writer.write(gray)
                let other = try Image(width: 24, height: 32, channels: 1, pixels: [UInt8](repeating: 9, count: 768))
                #expect(throws: VideoError.self) { try writer.write(other) }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.mp4"])
        }
    }

    /// A pipe is not waited for, and a playlist, which names other files, is not followed.
    @Test func whatIsNoVideoByItselfIsRefused() async throws {
        try await withFolder { folder in
            try clip("\(folder)/a.mp4")
            #expect(mkfifo("\(folder)/pipe.mp4", 0o600) == 0)
            let lists = ["list.mkv": "ffconcat version 1.0\nfile a.mp4\n", "list.mp4": "#EXTM3U\n#EXTINF:1,\na.mp4\n"]
            for (name, text) in lists { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
            for name in ["pipe.mp4", "list.mkv", "list.mp4"] {
                #expect(throws: VideoError.self, "\(name)") { try VideoInfo(of: "\(folder)/\(name)") }
            }
        }
    }
}
