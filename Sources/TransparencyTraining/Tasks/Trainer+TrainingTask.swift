import Foundation
import SegmentationMetrics
import StableDiffusion3
import Torch
import TorchTraining
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation

extension Trainer: TrainingTask {
    package var step: Int { state.step }
    package var bestStep: Int? { state.best?.step }
    package var validationIsPending: Bool {
        get { state.validationIsPending }
        set { state.validationIsPending = newValue }
    }
    package func update() async throws -> TrainingUpdate { try await update(rate: nil) }

    /// Scores the validation pictures with the weights as they are, averaged where the run averages, and notes the best.
    package func validate(writingTo folder: String) async throws -> (any TrainingRecord)? {
        guard !validationPairs.isEmpty else { return nil }
        let side = state.settings.dataset.resolution
        let scores = try withSegmenter { segmenter in
            try Evaluator.validate(segmenter, on: validationPairs, of: dataset, size: .square(side), ranks: ranks) {
                scored in
                try EvaluationFolder.writePictures(of: scored, in: folder)
            }
        }.protocols[.original]
        let iou = scores?[.iou] ?? 0
        return TrainingValidation(
            step: state.step, valIoU: iou, valRecall: scores?[.recall], valMSE: scores?[.mse] ?? 0,
            images: validationPairs.count, isBest: note(iou: iou), pictures: folder)
    }

    /// Does something with a segmenter that computes with the weights as they are now; with their average, where there is one.
    private func withSegmenter<R>(_ body: (Segmenter) throws -> R) throws -> R {
        let segmenter = try Segmenter(
            model: base, usage: state.settings.model.usage, head: transformer.head,
            autoencoder: encoder.autoencoder, device: device, dtype: encoder.dtype,
            side: state.settings.dataset.resolution,
            transformer: { [transformer, dtype] in try transformer($0.to(dtype)).to($0.dtype) })
        return try average?.withAverages { try body(segmenter) } ?? body(segmenter)
    }

    /// Notes a validation; says whether it is the best so far.
    private func note(iou: Double) -> Bool {
        guard iou > state.best?.iou ?? -1 else { return false }
        state.best = .init(step: state.step, iou: iou)
        return true
    }

    package func checkpoint() throws -> CheckpointContents? {
        guard !isTorn else { return nil }
        let model = state.settings.model
        var contents = CheckpointContents()
        let isAdapter = model.trainable == .lora
        func add(_ pieces: [CheckpointPiece], averaged: Bool) throws {
            let (weights, head) = transformer.split(pieces)
            if let name = TrainingCheckpoint.headName(transformer.head, averaged: averaged) {
                contents.groups["\(name)/\(TrainingCheckpoint.weightsStem)"] = .init(head, isOneFile: true)
                contents.documents["\(name)/config.json"] = try transformer.head.configurationData().map { [UInt8]($0) }
            }
            guard let name = TrainingCheckpoint.weightsName(model, averaged: averaged) else { return }
            contents.groups[name] = .init(
                isAdapter ? weights.map { $0.prefixed(TrainingCheckpoint.adapterPrefix) } : weights,
                isOneFile: isAdapter)
            guard !isAdapter else { return }
            contents.documents["transformer\(averaged ? "_ema" : "")/config.json"] =
                [UInt8](try base.transformerConfigurationData(model.trainedForm.transformerForm))
        }
        try add(transformer.pieces(), averaged: false)
        if let average { try add(transformer.constantPieces() + average.pieces(), averaged: true) }
        contents.groups[TrainingCheckpoint.optimizerName] = try .init(optimizer.pieces(), isOneFile: isAdapter)
        contents.isInMemory = model.trainable == .lora || state.settings.compute.offload == .none
        contents.documents[TrainingCheckpoint.stateName] = try prettyJSON(state)
        return contents
    }

    /// Writes `model/`, the model of the last checkpoint in the form that was trained, adapters merged.
    package func writeModel(in folder: String, from store: (any CheckpointStore)?) async throws {
        guard let store else { return }
        try ranks.first {
            try TrainingCheckpoint(store, step: state.step).export(
                to: "\(folder)/\(TrainingFolder.modelName)",
                folded: state.settings.model.trainedForm.transformerForm == .folded, dtype: nil, replacing: true)
        }
    }
}

/// A line of the log: what a validation showed.
struct TrainingValidation: TrainingRecord {
    let step: Int
    let valIoU: Double
    let valRecall: Double?
    let valMSE: Double
    let images: Int
    let isBest: Bool
    let pictures: String?

    enum CodingKeys: String, CodingKey {
        case step, images
        case valIoU = "val_iou"
        case valRecall = "val_recall"
        case valMSE = "val_mse"
    }

    var summary: String {
        "update \(step): validation IoU \(String(format: "%.4f", valIoU))\(isBest ? ", the best so far" : "")"
    }
}
