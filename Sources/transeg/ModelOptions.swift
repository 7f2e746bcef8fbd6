import ArgumentParser
import Limits
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
                + "(default: the small embedded model, which knows drawn scenes only)", valueName: "folder|id"),
        completion: .directory)
    var model: String?

    @Option(help: "Branch, tag or commit, when --model is a Hugging Face id.")
    var revision = "main"

    @Option(
        help: ArgumentHelp(
            "Take the weight files with this infix, such as fp16 of diffusion_pytorch_model.fp16.safetensors.",
            valueName: "infix"))
    var variant: String?

    @Option(
        help:
            "What to compute in. The half-sized types need half the memory and are quicker on accelerators; masks differ slightly."
    )
    var dtype = ComputeDType.float32

    @Option(help: "Where to compute. auto takes an accelerator where there is one; cuda:1 is the second.")
    var device = DeviceChoice.auto

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var precisionOptions: PrecisionOptions

    @Option(
        help:
            "What makes the mask: a readout, which is quicker and which train --head readout makes, or the VAE's decoder (latent). (default: the model's readout where it has one, else latent)"
    )
    var head: MaskHead?

    @Option(
        help: ArgumentHelp(
            "A small decoder in place of the VAE's, quicker and less exact: a folder with an AutoencoderTiny for Stable Diffusion 3, or its id, such as madebyollin/taesd3. vae-ceiling measures what it loses.",
            valueName: "folder|id"),
        completion: .directory)
    var decoder: String?

    @Flag(help: "Do every operation as diffusers does it. Slower; for comparing numbers with diffusers.")
    var plain = false

    /// Finds the model without loading it.
    func findModel() throws -> ModelFolder {
        try Segmenter.findModel(model, revision: revision, variant: variant)
    }

    /// Applies `--threads` and loads the model.
    ///
    /// - Parameters:
    ///   - ranks: The processes each of which has a segmenter, with its share of the machine.
    ///   - head: nil for what `--head` says.
    func makeSegmenter(quiet: Bool, ranks: Ranks = Ranks(), head: MaskHead? = nil) async throws -> Segmenter {
        try await threads.apply(launch: ranks.launch)
        let own = try ranks.launch.map { $0.device(try .usable(device.device)) } ?? device.device
        let segmenter = try await Segmenter(
            model: model, revision: revision, variant: variant, device: own, dtype: dtype.dtype,
            form: plain ? .plain : .folded, precision: precisionOptions.precision, head: head ?? self.head,
            decoder: decoder, memoryLimit: precisionOptions.memoryLimit?.bytes)
        if !quiet { segmenter.model.tellNotes() }
        return segmenter
    }

    /// What makes masks by a method, calibrated where the model is; not with `--plain`, whose numbers are diffusers'.
    func predictor(
        of segmenter: Segmenter, _ method: PredictionMethod, batch: Int, quiet: Bool
    ) throws -> any MaskPredictor {
        let predictor = method.predictor(segmenter, batch: batch)
        guard !plain, let calibration = try ModelCalibration(of: segmenter.model) else { return predictor }
        if !quiet { calibration.tellDoubt(of: segmenter, method) }
        return calibration.applied(to: predictor)
    }
}

extension ModelCalibration {
    /// Says where the temperature may not be right for masks that are made so.
    func tellDoubt(of segmenter: Segmenter, _ method: PredictionMethod = PredictionMethod()) {
        if let doubt = doubt(of: method, decoding: segmenter.decoding) { StandardStream.tell("Note: \(doubt)") }
    }
}

extension ModelFolder {
    /// Says which files are taken where those that were asked for are not there.
    func tellNotes() {
        for note in notes { StandardStream.tell("Note: \(note)") }
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

    static let defaultCompletionKind = CompletionKind.list(allValueStrings)
}
