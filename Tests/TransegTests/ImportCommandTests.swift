import Foundation
import Images
import TestSupport
import Testing

/// `transeg import` as its users run it.
@Suite struct ImportCommandTests {
    private let fixtures = "\(goldens)/../StableDiffusion3Tests/Fixtures/import"

    @Test func makesAFolderThatSegments() throws {
        try withTemporaryFolder { folder in
            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/a.png")
            let arguments = [
                "import", "\(fixtures)/single.safetensors", "out", "--base-model-path", "\(fixtures)/model",
                "--dtype", "float32",
            ]
            let run = try Program.run(arguments, in: folder)
            #expect(run.exitCode == 0 && run.output == "out\n", "\(run.errors)")
            #expect(run.errors.contains("a Stable Diffusion 3 transformer in Stability's layout"), "\(run.errors)")
            #expect(run.errors.contains("Note: \(fixtures)/single.safetensors has tensors that are passed over"))
            let segmented = try Program.run(
                ["segment", "a.png", "--model", "out", "--size", "16", "--output", "masks"], in: folder)
            #expect(segmented.exitCode == 0, "\(segmented.errors)")
            let again = try Program.run(arguments, in: folder)
            #expect(again.exitCode == 1 && again.errors.contains("something is there already"), "\(again.errors)")
        }
    }

    @Test func errorsAreOneSentence() throws {
        try withTemporaryFolder { folder in
            let run = try Program.run(["import", "\(fixtures)/kohya.safetensors", "out", "--quiet"], in: folder)
            #expect(run.exitCode == 1)
            #expect(run.errorLines.count == 1 && run.errors.contains("is a low-rank adapter (LoRA)"), "\(run.errors)")
            let quiet = try Program.run(
                [
                    "import", "\(fixtures)/kohya.safetensors", "out", "--quiet", "--base-model-path",
                    "\(fixtures)/model",
                ],
                in: folder)
            #expect(quiet.exitCode == 0 && quiet.errors == "", "\(quiet.errors)")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") } == ["out"])
        }
    }
}
