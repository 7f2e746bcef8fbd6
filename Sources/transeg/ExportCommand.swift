import ArgumentParser
import Foundation
import StableDiffusion3
import SyntheticScenes
import TransparencySegmentation
import TransparencyTraining

/// `transeg export`: a model folder in another form or dtype.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model as a folder of its own, as plain or folded, in a stated dtype.",
        discussion: """
            The plain form is read by diffusers too, part by part (subfolder="transformer", "vae"). The folded one has the constant timestep and prompt worked in: \
            a third smaller, quicker to load, the same masks; only transeg reads it. The plain form of a folded model has a prompt of its own. \
            Of a training run's checkpoint the model at that moment is written, adapters merged.

              transeg export stabilityai/stable-diffusion-3.5-medium sd35-folded --folded --dtype bfloat16
              transeg export run/checkpoint-3140 glass
            """)

    @Argument(
        help: ArgumentHelp("A model folder, a Hugging Face id, or a checkpoint of train.", valueName: "model"),
        completion: .directory)
    var model: String

    @Argument(
        help: ArgumentHelp("The folder to make, which must not exist yet.", valueName: "out"), completion: .directory)
    var out: String

    @Flag(
        help:
            "Fold the constant timestep and prompt into the transformer. (default: the plain form, which diffusers reads)"
    )
    var folded = false

    @Option(
        help:
            "Of a model with a readout: latent leaves that out, so that the VAE's decoder makes the masks again. (default: what the model has)"
    )
    var head: MaskHead?

    @Option(help: "The dtype of all weights. The half-sized types halve the files. (default: each weight's own)")
    var dtype: ComputeDType?

    @Option(
        help: ArgumentHelp(
            "Of a checkpoint: where its run's base model is now, if it was moved.", valueName: "folder|id"),
        completion: .directory)
    var baseModelPath: String?

    @Option(help: "Branch, tag or commit, when the model is a Hugging Face id.")
    var revision = "main"

    @Option(
        help: ArgumentHelp(
            "Take the weight files with this infix, such as fp16 of diffusion_pytorch_model.fp16.safetensors.",
            valueName: "infix"))
    var variant: String?

    func run() async throws {
        let (out, folded, dtype, head) = (out, folded, dtype?.dtype, head)
        if let checkpoint = try? TrainingCheckpoint(model) {
            guard head == nil else {
                throw ValidationError(
                    "--head is for model folders; a checkpoint is written with the head that was trained")
            }
            try checkpoint.verify()
            try await Interrupt.leaving { [baseModelPath] in
                try checkpoint.export(to: out, folded: folded, dtype: dtype, base: baseModelPath)
            }
        } else {
            guard baseModelPath == nil else {
                throw ValidationError("--base-model-path is for checkpoints of train, and \(model) is none")
            }
            let folder = try ModelFolder(model, revision: revision, variant: variant)
            folder.tellNotes()
            try await Interrupt.leaving {
                try folder.exportForSegmentation(to: out, folded: folded, dtype: dtype, head: head)
            }
        }
        try print(out)
    }
}
