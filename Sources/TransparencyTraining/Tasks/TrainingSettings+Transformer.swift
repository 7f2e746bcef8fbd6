import Files
import StableDiffusion3
import Torch
import TorchNN
import TorchTraining
import TransparencySegmentation

extension TrainingSettings {
    /// What is trained, from the base model or from a checkpoint. Throws ``TrainingError`` and what loading a model throws.
    func transformer(
        base: ModelFolder, checkpoint: TrainingCheckpoint?, device: Device, group: ProcessGroup?
    ) throws -> TrainableTransformer {
        let form = model.trainedForm
        let configuration = try base.transformerConfiguration()
        let isFolded = try base.transformerForm() == .folded
        guard form.transformerForm == .folded || !isFolded else {
            throw TrainingError.settings([
                "trainable is \(model.trainable.rawValue), but \(base.path) is folded; use folded or head, or the plain form of the model"
            ])
        }
        let prompt = isFolded ? nil : try base.loadEmptyPrompt()
        let trained = try form == .head ? nil : checkpoint?.weights()
        let headForm = try model.headForm(of: base)
        let head =
            try checkpoint.map { try $0.headWeights(headForm) }
            ?? base.headTensors(headForm, seed: UInt32(truncatingIfNeeded: training.seed))
        let tensors: [String: Tensor]
        // With the state elsewhere there is no room for a whole model in float32 here, not even at first: its weights come in the dtype that
        // is computed in, and the masters part by part.
        var foldMasters: ((TrainableTransformer) throws -> Void)?
        switch form {
        case .lora: tensors = try base.transformerTensors().tensors
        case .all: tensors = try trained ?? base.transformerTensors().tensors
        case .folded, .head:
            let own = try trained ?? base.transformerTensors().tensors
            guard trained == nil, let prompt else {
                tensors = own
                break
            }
            func fold(_ dtype: DType, _ take: ([String: Tensor]) throws -> Void) throws {
                try FoldedTransformer.fold(
                    configuration, Weights(own, dtype: dtype), timestep: model.timestep, prompt: prompt
                ) {
                    try take($0)
                    base.releasePages()
                }
            }
            var folded: [String: Tensor] = [:]
            try fold(compute.offload == .none && form == .folded ? .float32 : model.dataType.dtype) {
                folded.merge($0) { $1 }
            }
            // What is not trained has no masters that would be folded again.
            let position = TrainableTransformer.positionKey
            folded[position] = own[position] ?? folded[position]
            tensors = folded
            if compute.offload != .none, form == .folded {
                foldMasters = { transformer in
                    try fold(.float32) { try transformer.take($0.merging(head.prefixed) { $1 }) }
                }
            }
        }
        var isAdapter = false
        if case .lora = form { isAdapter = true }
        let transformer = try TrainableTransformer(
            configuration, tensors, form: form, adapters: isAdapter ? trained : nil, head: head,
            dtype: model.dataType.dtype,
            device: device, timestep: model.timestep, prompt: prompt,
            gradientCheckpointing: compute.gradientCheckpointing,
            seed: UInt32(truncatingIfNeeded: training.seed), storage: storage(device: device),
            sharding: TorchTraining.Sharding(compute.sharding.stage, group: group),
            keepsWeights: compute.offload != .all,
            releasePages: {
                base.releasePages()
                checkpoint?.store.releasePages()
            })
        try foldMasters?(transformer)
        return transformer
    }

    /// Where the float32 state is kept; nil for the device's memory. Throws `FileError`.
    private func storage(device: Device) throws -> (any StateStorage)? {
        guard compute.offload != .none else { return nil }
        return compute.offloadTo == "host"
            ? HostStorage(device: device) : try FileStorage(folder: expandingTilde(compute.offloadTo))
    }
}

extension TrainingSettings.Sharding {
    fileprivate var stage: TorchTraining.Sharding.Stage {
        switch self {
        case .none: .none
        case .optimizer: .optimizer
        case .gradients: .gradients
        case .full: .full
        }
    }
}
