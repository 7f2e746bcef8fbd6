import ArgumentParser
import Files
import Foundation
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation

/// `transeg calibrate`: makes a model's softness the probability of glass.
struct CalibrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Makes a model's softness the probability of glass.",
        discussion: """
            Finds the temperature under which the true masks of validation pictures are most likely, and writes it to calibration.json in \
            the model's folder. From then on segment and evaluate apply it. Masks at the threshold 0.5 stay as they are. Remove the file to \
            undo it. Calibrate again after the model was trained further.

              transeg calibrate --model sd35-glass/ --dataset Trans10K
              transeg evaluate --model sd35-glass/ --dataset Trans10K    # its calibration error on the test pictures
            """)

    @Option(help: ArgumentHelp("The data set's folder.", valueName: "folder"), completion: .directory)
    var dataset: String

    @OptionGroup var datasetOptions: DatasetOptions<ValidationSplit>
    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var prediction: PredictionOptions

    @Option(
        help: ArgumentHelp(
            "Compare at a square of this side in pixels, or at HEIGHTxWIDTH. (default: the size that the model was made for)",
            valueName: "side"))
    var size: SizeChoice?

    @OptionGroup var batchOptions: BatchOptions

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        guard let model = modelOptions.model, isFolder(model) else {
            throw ValidationError(
                "calibrate writes into a model's folder; name one with --model, such as one that transeg export made")
        }
        if modelOptions.plain { throw ValidationError("--plain is not calibrated; leave it out") }
    }

    func run() async throws {
        let pictures = try datasetOptions.open(dataset)
        let pairs = try datasetOptions.pairs(of: pictures)
        try prediction.checkSize(modelOptions.findModel())
        let segmenter = try await modelOptions.makeSegmenter(quiet: quiet)
        if !quiet { try prediction.tellCost(of: segmenter, size: size?.size) }
        let evaluator = try Evaluator(
            predictor: prediction.method.predictor(segmenter, batch: batchOptions.batch), size: size?.size,
            countsNative: false)
        let run = CalibrationRun(
            evaluator, method: prediction.method, decoding: segmenter.decoding,
            // By its name alone: the file goes with the model to other machines.
            data: datasetOptions.facts((dataset as NSString).lastPathComponent).map(\.value).joined(separator: ", "))
        let progress = Progress(total: pairs.count, quiet: quiet, verb: "looked at")
        let calibration = try await Interrupt.cancelling { [batchOptions] in
            defer { progress.end() }
            do {
                return try await run.calibration(on: pairs, of: pictures, batch: batchOptions.batch) {
                    progress.advance(to: $0)
                }
            } catch is CancellationError {
                throw Interrupt.exitCode
            }
        }
        try calibration.write(to: segmenter.model.path)
        if quiet { return }
        func text(_ share: Double) -> String { String(format: "%.4f", share) }
        try print(
            "temperature \(calibration.temperature), expected calibration error \(text(calibration.eceBefore)) before and "
                + "\(text(calibration.eceAfter)) after, on these \(calibration.images) pictures")
        try print("written: \(segmenter.model.path)/\(ModelCalibration.fileName)")
    }
}
