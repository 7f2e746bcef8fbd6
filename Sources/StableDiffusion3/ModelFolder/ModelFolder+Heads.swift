import Files
package import Foundation
import Safetensors
package import Torch
import TorchNN

extension ModelFolder {
    /// The head that the folder is used with: what is asked for, else a readout where the folder has one.
    ///
    /// Throws ``ModelError`` where a readout is asked for that is not there, and when a head's configuration does not fit the model.
    package func headForm(_ head: MaskHead? = nil) throws -> HeadForm {
        let hasReadout = contains(ModelLayout.maskHead)
        if head == .readout, !hasReadout {
            throw ModelError.incomplete(
                folder: path, missing: "\(ModelLayout.maskHead)/",
                remedy: "'transeg train --head readout' makes one; --head latent takes the VAE's decoder")
        }
        if hasReadout, head != .latent { return .readout(try readoutConfiguration()) }
        return contains(ModelLayout.localContinuity) ? .localContinuity(try continuityConfiguration()) : .projection
    }

    /// All that the folder has besides the transformer's own projection.
    func ownHeadForms() throws -> [HeadForm] {
        (contains(ModelLayout.maskHead) ? [.readout(try readoutConfiguration())] : [])
            + (contains(ModelLayout.localContinuity) ? [.localContinuity(try continuityConfiguration())] : [])
    }

    /// All heads of the folder, without the readout where the latent head is asked for.
    ///
    /// Throws as ``headForm(_:)``.
    package func ownHeads(_ head: MaskHead? = nil) throws -> [HeadWeights] {
        _ = try headForm(head)
        return try ownHeadForms().filter { head != .latent || !$0.replacesProjection }.map(headTensors)
    }

    /// The form of a head that this model is to be trained with.
    package func headForm(training head: MaskHead, classes: Int, localContinuity: Bool) throws -> HeadForm {
        let transformer = try transformerConfiguration()
        switch head {
        case .latent: return localContinuity ? .localContinuity(.init(transformer)) : .projection
        case .readout: return .readout(.init(transformer, try autoencoderConfiguration(), classes: classes))
        }
    }

    private func readoutConfiguration() throws -> TokenReadoutConfiguration {
        let found: TokenReadoutConfiguration = try headConfiguration(
            ModelLayout.maskHead, TokenReadoutConfiguration.className)
        let expected = TokenReadoutConfiguration(
            try transformerConfiguration(), try autoencoderConfiguration(), classes: found.numClasses)
        guard found == expected else {
            throw ModelError.configuration(
                file: try configurationFile(ModelLayout.maskHead),
                "inner_dim and patch_size are \(found.innerDim) and \(found.patchSize); the model's are \(expected.innerDim) and \(expected.patchSize)"
            )
        }
        return found
    }

    private func continuityConfiguration() throws -> LocalContinuityConfiguration {
        let found: LocalContinuityConfiguration = try headConfiguration(
            ModelLayout.localContinuity, LocalContinuityConfiguration.className)
        let channels = try transformerConfiguration().outChannels
        guard found.channels == channels else {
            throw ModelError.configuration(
                file: try configurationFile(ModelLayout.localContinuity),
                "channels is \(found.channels); the model's latents have \(channels)")
        }
        return found
    }

    private func headConfiguration<Configuration: ModelConfiguration>(
        _ part: String, _ className: String
    ) throws -> Configuration {
        let file = try configurationFile(part)
        let name = try configurations.decoded("_class_name", of: file) { try configurationClass(of: $0, file: file) }
        guard name == className else {
            throw ModelError.configuration(
                file: file, "_class_name is \(name ?? "missing"); expected \(className)")
        }
        return try configurations.decoded("\(Configuration.self)", of: file) { try .decode($0, file: file) }
    }

    /// The layers of a head of this folder. Throws ``ModelError``, `WeightsError` or `SafetensorsError`.
    package func loadHead(_ form: HeadForm, dtype: DType, device: Device) throws -> OutputHead {
        guard let folder = form.folder else { return .projection }
        let weights = Weights(
            try weightsFile(folder, stem: ModelLayout.diffusersStem), dtype: dtype, device: device)
        let head = try OutputHead(form, weights)
        try weights.finish()
        return head
    }

    /// The state dict of a head that is trained: this folder's where it has one of this form, else a fresh one.
    ///
    /// Throws ``ModelError`` where the folder has one of another shape.
    package func headTensors(_ form: HeadForm, seed: UInt32) throws -> HeadWeights {
        guard let folder = form.folder else { return HeadWeights(form, [:]) }
        guard let own = try ownHeadForms().first(where: { $0.folder == folder }) else {
            return HeadWeights(form, try form.freshWeights(seed: seed))
        }
        guard own == form else {
            throw ModelError.configuration(
                file: try configurationFile(folder),
                "the head is not of the shape that is to be trained, such as one class for the target binary and three for color; "
                    + "remove \(path)/\(folder) to begin with a fresh one")
        }
        return try headTensors(own)
    }

    /// The state dict of a head of this folder, as the file has it.
    func headTensors(_ form: HeadForm) throws -> HeadWeights {
        guard let folder = form.folder else { return HeadWeights(form, [:]) }
        return HeadWeights(form, try weightsFile(folder, stem: ModelLayout.diffusersStem).tensors())
    }
}

extension HeadForm {
    /// The content of `config.json`; nil for what has none.
    package func configurationData() throws -> Data? {
        func data(_ values: some Encodable, _ className: String) throws -> Data {
            let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(values)) as? [String: Any] ?? [:]
            return try JSONSerialization.data(
                withJSONObject: object.merging(["_class_name": className]) { $1 },
                options: [.prettyPrinted, .sortedKeys])
                + Data("\n".utf8)
        }
        return switch self {
        case .projection: nil
        case .localContinuity(let configuration): try data(configuration, LocalContinuityConfiguration.className)
        case .readout(let configuration): try data(configuration, TokenReadoutConfiguration.className)
        }
    }
}
