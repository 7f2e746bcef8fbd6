import Files
import Safetensors
package import Torch
package import TorchNN

/// What comes after the transformer's last norm: its own projection, alone or with what this package adds.
package enum OutputHead {
    /// To a latent, as published.
    case projection
    case localContinuity(LocalContinuity)
    /// To logits of pixels.
    case readout(TokenReadout)

    /// Makes the layers of a form.
    ///
    /// - Parameter weights: At the form's keys.
    package init(_ form: HeadForm, _ weights: Weights) throws {
        switch form {
        case .projection: self = .projection
        case .localContinuity(let configuration): self = .localContinuity(try LocalContinuity(weights, configuration))
        case .readout(let configuration): self = .readout(try TokenReadout(weights, configuration))
        }
    }

    /// Normed tokens `[N, T, D]` to a latent of the shape of `latent`, or to logits.
    func callAsFunction(
        _ tokens: Tensor, _ projection: Linear, like latent: Tensor, _ configuration: SD3TransformerConfiguration
    ) throws -> Tensor {
        func projected() throws -> Tensor {
            try OutputPatches.assemble(projection(tokens), like: latent, configuration)
        }
        return switch self {
        case .projection: try projected()
        case .localContinuity(let module): try module(projected())
        case .readout(let readout): try readout(tokens, rows: latent.size(2) / configuration.patchSize)
        }
    }
}

/// Which ``OutputHead`` a model has, and of what shape.
package enum HeadForm: Sendable, Equatable {
    case projection
    case localContinuity(LocalContinuityConfiguration)
    case readout(TokenReadoutConfiguration)

    /// Its part of a model folder; nil for what is the transformer's own.
    package var folder: String? {
        switch self {
        case .projection: nil
        case .localContinuity: ModelLayout.localContinuity
        case .readout: ModelLayout.maskHead
        }
    }

    /// What its keys begin with among those that are trained.
    package var prefix: String { folder.map { "\($0)." } ?? "" }

    /// Whether the transformer's own projection is not used.
    package var replacesProjection: Bool {
        if case .readout = self { true } else { false }
    }

    /// The state dict of one that is trained from nothing, float32: a readout gives logits about 0, with a deviation of 0.1 whatever the width;
    /// local continuity begins as the identity.
    package func freshWeights(seed: UInt32) throws -> [String: Tensor] {
        let fresh = FreshWeights(seed: seed) { key, shape in
            switch (self, key) {
            case (.readout(let configuration), "proj.weight"):
                try Tensor.randn(shape, seed: seed) * (0.1 / Double(configuration.innerDim).squareRoot())
            case (.localContinuity, "conv_out.weight"): try Tensor.zeros(shape)
            default: nil
            }
        }
        _ = try OutputHead(self, Weights(fresh))
        return fresh.tensors
    }

    /// How many numbers it has.
    package var parameterCount: Int {
        switch self {
        case .projection: 0
        case .localContinuity(let configuration):
            18 * configuration.channels * configuration.hiddenChannels + configuration.channels
                + configuration.hiddenChannels
        case .readout(let configuration): (configuration.innerDim + 1) * configuration.valueCount
        }
    }
}

/// A head's state dict, by its own keys.
package struct HeadWeights {
    package let form: HeadForm
    package let tensors: [String: Tensor]

    package init(_ form: HeadForm, _ tensors: [String: Tensor]) { (self.form, self.tensors) = (form, tensors) }

    /// Of a state dict in which the head's keys have its prefix.
    package init(_ form: HeadForm, in trained: [String: Tensor]) {
        let own = trained.filter { form.folder != nil && $0.key.hasPrefix(form.prefix) }
        self.init(
            form, Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(form.prefix.count)), $0.value) }))
    }

    /// The same in another dtype; nil for each weight's own.
    func converted(to dtype: DType?) throws -> HeadWeights {
        guard let dtype else { return self }
        return HeadWeights(
            form,
            Dictionary(
                uniqueKeysWithValues: try tensors.map { ($0.key, try $0.value.converted(to: dtype, name: $0.key)) }))
    }

    /// Writes `config.json` and the weights to their part of a model folder.
    package func write(to folder: String) throws {
        guard let part = form.folder, let configuration = try form.configurationData() else { return }
        let target = "\(folder)/\(part)"
        try makeFolder(target)
        try AtomicFile.write([UInt8](configuration), to: "\(target)/config.json")
        try SafetensorsWriter.write(
            to: "\(target)/\(ModelLayout.diffusersStem).safetensors",
            entries: tensors.sorted { $0.key < $1.key }.map { SafetensorsEntry($0.key, $0.value) })
    }

    /// By keys with the prefix.
    package var prefixed: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: tensors.map { (form.prefix + $0.key, $0.value) })
    }
}
