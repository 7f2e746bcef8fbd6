import ArgumentParser
import StableDiffusion3
import Torch
import TransparencyEvaluation
import TransparencySegmentation

/// Which model runs where: the options that commands share.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The model: a folder in diffusers' layout, or a Hugging Face id such as "
                + "stabilityai/stable-diffusion-3.5-medium that is in Hugging Face's cache. "
                + "Without it, the small embedded model.", valueName: "folder|id"))
    var model: String?

    @Option(help: "Branch, tag or commit of a Hugging Face id.")
    var revision = "main"

    @Option(help: "Infix of the weight files, such as fp16.")
    var variant: String?

    @Option(help: "What to compute in.")
    var dtype = ComputeDType.float32

    @Option(help: "Where to compute: auto takes an accelerator where there is one; cuda:1 is the second.")
    var device = DeviceChoice.auto

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var precisionOptions: PrecisionOptions

    @Flag(help: "Do every operation as diffusers does it: slower, the reference.")
    var plain = false

    /// Finds the model without loading it.
    func findModel() throws -> ModelFolder {
        try Segmenter.findModel(model, revision: revision, variant: variant)
    }

    /// Applies `--threads` and loads the model.
    func makeSegmenter(quiet: Bool) async throws -> Segmenter {
        try await threads.apply()
        let segmenter = try await Segmenter(
            model: model, revision: revision, variant: variant, device: device.device, dtype: dtype.dtype,
            form: plain ? .plain : .folded, precision: precisionOptions.precision,
            memoryLimit: precisionOptions.memoryLimit?.bytes)
        if !quiet { segmenter.model.tellNotes() }
        return segmenter
    }
}

extension ModelFolder {
    /// Says which files are taken where those that were asked for are not there.
    func tellNotes() {
        for note in notes { StandardStream.tell("Note: \(note)\n") }
    }
}

/// The dtypes that a model can run in.
enum ComputeDType: String, ExpressibleByArgument, CaseIterable {
    case float32, bfloat16, float16

    var dtype: DType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }
}

/// `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
struct DeviceChoice: ExpressibleByArgument {
    /// Nil for `auto`.
    let device: Device?

    static let auto = DeviceChoice(device: nil)

    init(device: Device?) { self.device = device }

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        if argument == "auto" {
            self = .auto
        } else if let kind = Device.Kind(rawValue: String(parts[0])), parts.count == 1 {
            device = Device(kind)
        } else if let kind = Device.Kind(rawValue: String(parts[0])), parts.count == 2, kind == .cuda,
            let index = Int(parts[1]), (0..<128).contains(index)
        {
            device = Device(kind, index: index)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { device?.description ?? "auto" }

    static var allValueStrings: [String] { ["auto", "cpu", "cuda", "mps"] }
}
