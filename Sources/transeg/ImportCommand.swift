import ArgumentParser
import StableDiffusion3
import TransparencySegmentation

/// `transeg import`: a model folder of what others publish and train.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Makes a model folder of a single-file checkpoint, a DeepSpeed checkpoint, a state dict or a LoRA.",
        discussion: """
            Reads Stable Diffusion 3 and 3.5 in Stability's and ComfyUI's layout and in diffusers' (.safetensors, .bin, .pt, shards with an index), in float32, \
            float16, bfloat16 and fp8; DeepSpeed's ZeRO folders; and LoRA files of peft, diffusers and kohya, which are merged into the base model. \
            What the file lacks, such as the VAE and the empty prompt, is the base model's. Nothing in a file is ever executed.

              transeg import sd3.5_medium.safetensors sd35 --base-model-path glass
              transeg import run/checkpoint-3000 glass --base-model-path stabilityai/stable-diffusion-3.5-medium
              transeg import lora.safetensors merged --base-model-path glass
            """)

    @Argument(
        help: ArgumentHelp("What is to be imported.", valueName: "file|folder"), completion: .file())
    var source: String

    @Argument(
        help: ArgumentHelp("The folder to make, which must not exist yet.", valueName: "out"), completion: .directory)
    var out: String

    @Option(
        help: ArgumentHelp(
            "Take the VAE from this file or folder. (default: the source's, else the base model's)",
            valueName: "file|folder"), completion: .file())
    var vae: String?

    @Option(
        help: ArgumentHelp(
            "The model that gives what the source lacks: the empty prompt (or text encoders), the VAE and, for a LoRA, the transformer.",
            valueName: "folder|id"), completion: .directory)
    var baseModelPath: String?

    @Option(help: "Branch, tag or commit, when --base-model-path is a Hugging Face id.")
    var revision = "main"

    @Option(
        help:
            "The dtype of all weights. The half-sized types halve the files. (default: each weight's own; fp8 becomes bfloat16, with scales float32)"
    )
    var dtype: ComputeDType?

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func run() async throws {
        try await Interrupt.leaving { [source, out, vae, baseModelPath, revision, dtype, quiet] in
            let base = try baseModelPath.map { try ModelFolder($0, revision: revision) }
            let plan = try ModelImport(source, autoencoder: vae, base: base)
            if !quiet {
                for finding in plan.findings { StandardStream.tell(finding) }
                for note in plan.notes + (base?.notes ?? []) { StandardStream.tell("Note: \(note)") }
            }
            let progress = Progress(total: plan.tensorCount, quiet: quiet, verb: "imported")
            defer { progress.end() }
            try plan.writeForSegmentation(to: out, dtype: dtype?.dtype, base: base) { done, _ in
                progress.advance(to: done)
            }
        }
        try print(out)
    }
}
