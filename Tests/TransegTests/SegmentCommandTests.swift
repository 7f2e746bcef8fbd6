import Foundation
import Images
import Safetensors
import TestSupport
import Testing

@Suite struct SegmentCommandTests {
    /// The embedded VAE has 4 pixels a latent, Stable Diffusion's has 8.
    @Test func sizesAreInTheModelsOwnUnit() throws {
        try withTemporaryFolder { folder in
            for (model, size, text) in [
                ([], "100", "not a multiple of 8; use 96 or 104"), ([], "1024", "use at most 256"),
                (["--model", tinyModel], "72", "not a multiple of 16; use 64 or 80"),
                (["--model", tinyModel], "4096", "use at most 96"),
            ] {
                try drawnPicture(width: 40, height: 50, seed: 1).write(to: "\(folder)/in.png")
                let sized = try Program.run(["segment"] + model + ["in.png", "--size", size], in: folder)
                #expect(sized.exitCode == 64 && sized.errors.contains(text), "\(sized.errors)")
            }
        }
    }

    @Test func linksThatLeadNowhereAreNamed() throws {
        try withTemporaryFolder { folder in
            for target in ["circle.jpg", "nowhere.jpg"] {
                try? FileManager.default.removeItem(atPath: "\(folder)/circle.jpg")
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder)/circle.jpg", withDestinationPath: target)
                let result = try Program.run(["segment", "circle.jpg", "--output", "out"], in: folder)
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("circle.jpg is a link to \(target), which leads to no file"))
            }
        }
    }

    @Test func writesMasksOfTheSourcesSize() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 100, height: 75).write(to: "\(folder)/a.png")
            let result = try Program.run(
                ["segment", "a.png", "--model", tinyModel, "--write", "soft,mask,overlay,cutout", "--output", "out"],
                in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.errors.isEmpty)
            #expect(
                try names(in: "\(folder)/out") == ["a_cutout.png", "a_mask.png", "a_overlay.png", "a_soft.png"])
            for name in try names(in: "\(folder)/out") {
                let image = try ImageReader().read(contentsOf: "\(folder)/out/\(name)")
                #expect(image.width == 100 && image.height == 75)
            }
            let mask = try ImageReader().read(contentsOf: "\(folder)/out/a_mask.png")
            #expect(Set(mask.pixels).isSubset(of: [0, 255]))
        }
    }

    @Test func theSameCommandTwiceWritesTheSameBytes() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 90, height: 70).write(to: "\(folder)/a.png")
            for output in ["one", "two"] {
                let result = try Program.run(
                    ["segment", "a.png", "--model", tinyModel, "--output", output], in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
            }
            for name in ["a_soft.png", "a_mask.png"] {
                #expect(
                    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/one/\(name)"))
                        == Data(contentsOf: URL(fileURLWithPath: "\(folder)/two/\(name)")))
            }
        }
    }

    @Test func fewerBitsAndLessMemoryAreOptions() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 90, height: 70).write(to: "\(folder)/a.png")
            let start = ["segment", "a.png", "--model", tinyModel, "--write", "mask", "--output"]
            for (index, options) in [
                ["--precision", "int8"], ["--precision", "fast"], ["--memory-limit", "2GiB"],
            ].enumerated() {
                let result = try Program.run(start + ["\(index)"] + options, in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
                #expect(try names(in: "\(folder)/\(index)") == ["a_mask.png"])
            }
            let tooLittle = try Program.run(start + ["none", "--memory-limit", "100MiB"], in: folder)
            #expect(tooLittle.exitCode == 1 && tooLittle.errorLines.count == 1)
            #expect(tooLittle.errors.contains("64 x 64") && tooLittle.errors.contains("limit is 0.1 GiB"))
            let noUnit = try Program.run(start + ["none", "--memory-limit", "3"], in: folder)
            #expect(noUnit.exitCode == 64 && noUnit.errors.contains("3GiB"), "\(noUnit.errors)")
            let plain = try Program.run(start + ["none", "--precision", "int8", "--plain"], in: folder)
            #expect(plain.exitCode == 1 && plain.errors.contains("folded float32"), "\(plain.errors)")
        }
    }

    @Test func skipsABadPictureInAFolder() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/in", withIntermediateDirectories: true)
            for seed in 0..<3 {
                try drawnPicture(width: 40 + seed, height: 50, seed: seed).write(to: "\(folder)/in/\(seed).png")
            }
            try Data("not a picture".utf8).write(to: URL(fileURLWithPath: "\(folder)/in/1b.jpg"))
            try Data("ignored".utf8).write(to: URL(fileURLWithPath: "\(folder)/in/notes.txt"))
            let result = try Program.run(
                ["segment", "in", "--model", tinyModel, "--batch", "2", "--json", "--write", "mask"], in: folder)
            #expect(result.exitCode == 1)
            #expect(result.errorLines.count == 2)
            #expect(result.errorLines.first == "Note: left out: 1 .txt")
            #expect(try names(in: "\(folder)/transeg-output") == ["0_mask.png", "1_mask.png", "2_mask.png"])
            struct Line: Decodable {
                let image: String
                let width: Int
                let inputWidth: Int
                let transparentShare: Double
                let files: [String: String]
                let seconds: [String: Double]
            }
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            struct Failure: Decodable {
                let image: String
                let error: String
            }
            var all = result.output.split(separator: "\n").map { Data($0.utf8) }
            // In its place among the others.
            let failure = try decoder.decode(Failure.self, from: all.remove(at: 2))
            #expect(failure.image == "in/1b.jpg" && result.errorLines.last == "Error: \(failure.error)")
            let lines = try all.map { try decoder.decode(Line.self, from: $0) }
            #expect(lines.map(\.image) == ["in/0.png", "in/1.png", "in/2.png"])
            #expect(lines.map(\.width) == [40, 41, 42])
            #expect(lines.allSatisfy { $0.inputWidth == 64 && (0...1).contains($0.transparentShare) })
            #expect(lines[0].files == ["mask": "transeg-output/0_mask.png"])
            #expect(lines[0].seconds.keys.sorted() == ["decode", "encode", "total", "transformer"])
        }
    }

    @Test func aBatchGivesWhatSinglePicturesGive() throws {
        try withTemporaryFolder { folder in
            for seed in 0..<3 {
                try drawnPicture(width: 60, height: 44 + 10 * seed, seed: seed).write(to: "\(folder)/\(seed).png")
            }
            let pictures = ["0.png", "1.png", "2.png"]
            for (batch, output) in [("1", "single"), ("3", "batch")] {
                let result = try Program.run(
                    ["segment"] + pictures + [
                        "--model", tinyModel, "--fit", "64", "--batch", batch, "--output", output, "--write", "soft",
                    ], in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
            }
            for seed in 0..<3 {
                let a = try ImageReader().read(contentsOf: "\(folder)/single/\(seed)_soft.png")
                let b = try ImageReader().read(contentsOf: "\(folder)/batch/\(seed)_soft.png")
                #expect(zip(a.pixels, b.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
            }
        }
    }

    @Test func readsStandardInputAndWritesStandardOutput() throws {
        try withTemporaryFolder { folder in
            let picture = try drawnPicture(width: 33, height: 47)
            let result = try Program.run(
                ["segment", "-", "--model", tinyModel, "--output", "-"], in: folder,
                input: Data(picture.pngData()))
            #expect(result.exitCode == 0, "\(result.errors)")
            let mask = try ImageReader().read(data: [UInt8](result.outputBytes), name: "output")
            #expect(mask.width == 33 && mask.height == 47)
            #expect(try names(in: folder).isEmpty)
        }
    }

    @Test func dumpsEveryTensorOfThePass() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 30, height: 20).write(to: "\(folder)/a.png")
            let result = try Program.run(
                ["segment", "a.png", "--model", tinyModel, "--size", "32x64", "--dump", "pass.safetensors", "--plain"],
                in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            let file = try SafetensorsFile(path: "\(folder)/pass.safetensors")
            #expect(
                file.tensors.mapValues(\.shape) == [
                    "image": [1, 3, 32, 64], "image_latent": [1, 16, 4, 8], "prediction_latent": [1, 16, 4, 8],
                    "decoded": [1, 3, 32, 64], "mask": [1, 3, 32, 64], "mask_quantized": [1, 1, 32, 64],
                ])
            #expect(file.tensors.values.allSatisfy { $0.dtype == .f32 })
        }
    }

    @Test func picturesOfTheSameNameAreRefusedBeforeTheFirstPass() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/in", withIntermediateDirectories: true)
            try drawnPicture(width: 20, height: 20).write(to: "\(folder)/in/a.png")
            try drawnPicture(width: 30, height: 30).write(to: "\(folder)/in/a.jpg")
            try drawnPicture(width: 40, height: 40).write(to: "\(folder)/a.png")
            for inputs in [["in"], ["a.png", "in/a.jpg"]] {
                let result = try Program.run(["segment"] + inputs + ["--model", tinyModel, "--json"], in: folder)
                #expect(result.exitCode == 1 && result.output.isEmpty)
                #expect(result.errors.contains("in/a.jpg") && result.errors.contains("would both have the results a_"))
            }
        }
    }

    @Test func aPictureThatIsNamedTwiceIsSegmentedOnce() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/in", withIntermediateDirectories: true)
            try drawnPicture(width: 20, height: 20).write(to: "\(folder)/in/a.png")
            let result = try Program.run(
                ["segment", "in/a.png", "in", "./in/../in/a.png", "--model", tinyModel, "--json"], in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.output.split(separator: "\n").count == 1)
        }
    }

    @Test func theEmbeddedModelSaysThatItKnowsDrawnScenesOnly() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/b.png")
            let told = try Program.run(["segment", "a.png", "b.png"], in: folder)
            #expect(
                told.errorLines.count { $0.hasPrefix("Note: the embedded model knows drawn scenes only") } == 1,
                "\(told.errors)")
            #expect(told.errors.contains("--model") && told.errors.contains("Docs/models.md"))
            #expect(try Program.run(["segment", "a.png", "-q"], in: folder).errors.isEmpty)
        }
    }

    @Test func withoutArgumentsItShowsTheEmbeddedModel() throws {
        try withTemporaryFolder { folder in
            let result = try Program.run(["segment"], in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.output.contains("transeg-output/example_overlay.png") && result.errors.isEmpty)
            #expect(try names(in: "\(folder)/transeg-output").count == 4)
        }
    }

    @Test func anInterruptLeavesWholeFilesOnly() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/in", withIntermediateDirectories: true)
            let picture = try drawnPicture(width: 64, height: 64).pngData()
            for number in 0..<2000 {
                try Data(picture).write(to: URL(fileURLWithPath: "\(folder)/in/\(number).png"))
            }
            let process = Program.makeProcess(["segment", "in", "--model", tinyModel, "--write", "mask"], in: folder)
            let errors = Pipe()
            process.standardError = errors
            process.standardOutput = Pipe()
            try process.run()
            let output = "\(folder)/transeg-output"
            while process.isRunning, ((try? names(in: output)) ?? []).isEmpty { usleep(10_000) }
            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationStatus == 130)
            let written = try FileManager.default.contentsOfDirectory(atPath: output)
            #expect((1..<2000).contains(written.count))
            for name in written { _ = try ImageReader().read(contentsOf: "\(output)/\(name)") }
        }
    }
}
