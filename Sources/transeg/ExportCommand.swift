import ArgumentParser
import Foundation
import StableDiffusion3
import Torch

/// `transeg export`: a model folder in another form or dtype.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model as a folder of its own, as published or folded, in a stated dtype.",
        discussion: """
            The published form is read by diffusers too, part by part (subfolder="transformer", "vae"). The folded one has the constant timestep and prompt worked in:
            a third smaller, quicker to load, the same masks; only transeg reads it.

              transeg export stabilityai/stable-diffusion-3.5-medium sd35-folded --folded --dtype bfloat16
            """)

    @Argument(help: ArgumentHelp("A model folder or a Hugging Face id.", valueName: "model"))
    var model: String

    @Argument(help: ArgumentHelp("The folder to make, which must not exist yet.", valueName: "out"))
    var out: String

    @Flag(help: "Fold the transformer.")
    var folded = false

    @Option(help: "The dtype of all weights. (default: each weight's own)")
    var dtype: ComputeDType?

    @Option(help: "Branch, tag or commit of a Hugging Face id.")
    var revision = "main"

    @Option(help: "Infix of the weight files, such as fp16.")
    var variant: String?

    func run() async throws {
        let folder = try ModelFolder(model, revision: revision, variant: variant)
        let (out, folded, dtype) = (out, folded, dtype?.dtype)
        let work = Task.detached { try folder.export(to: out, folded: folded, dtype: dtype) }
        let interrupt = Interrupt { work.cancel() }
        defer { interrupt.restore() }
        do {
            try await work.value
        } catch is CancellationError {
            throw ExitCode(130)
        }
        print(out)
    }
}
