import Foundation
import Safetensors
package import Torch
package import TorchNN

/// The timestep of the one pass where a model was trained for no other: the noisiest.
package let segmentationTimestep = 1000.0

extension ModelFolder {
    /// The form that `transformer/config.json` names. Throws ``ModelError`` for any other class.
    package func transformerForm() throws -> TransformerForm {
        let file = try configurationFile(ModelLayout.transformer)
        guard let name = try className(of: file) else { return .plain }
        guard let form = TransformerForm(className: name) else {
            throw ModelError.configuration(
                file: file, "_class_name is \(name); expected \(TransformerForm.plain.className)")
        }
        return form
    }

    package func transformerConfiguration() throws -> SD3TransformerConfiguration {
        try configuration(ModelLayout.transformer)
    }

    package func autoencoderConfiguration() throws -> AutoencoderKLConfiguration {
        let file = try configurationFile(ModelLayout.autoencoder)
        if let name = try className(of: file), name != AutoencoderKLConfiguration.className {
            throw ModelError.configuration(
                file: file, "_class_name is \(name); expected \(AutoencoderKLConfiguration.className)")
        }
        return try configuration(ModelLayout.autoencoder)
    }

    private func className(of file: String) throws -> String? {
        try configurations.decoded("_class_name", of: file) { try configurationClass(of: $0, file: file) }
    }

    private func configuration<Configuration: ModelConfiguration>(_ part: String) throws -> Configuration {
        let file = try configurationFile(part)
        return try configurations.decoded("\(Configuration.self)", of: file) { try .decode($0, file: file) }
    }

    /// What both sides of an input picture must be a multiple of, and the longest side that the positional embedding reaches.
    package func inputLimits() throws -> (unit: Int, largest: Int) {
        let transformer = try transformerConfiguration()
        let unit = try autoencoderConfiguration().downsampling * transformer.patchSize
        return (unit, transformer.posEmbedMaxSize * unit)
    }

    /// The VAE. In float16, beyond whose range Stable Diffusion's goes, one whose configuration says `force_upcast` computes in float32
    /// instead; bfloat16 reaches far enough.
    ///
    /// Throws ``ModelError``, ``WeightsError`` or ``SafetensorsError``.
    ///
    /// - Parameters:
    ///   - precision: Of its attention; all else is exact.
    ///   - decodes: Whether the decoder is loaded too.
    package func loadAutoencoder(
        dtype: DType, device: Device, precision: Precision = .exact, decodes: Bool = true
    ) throws -> AutoencoderKL {
        let configuration = try autoencoderConfiguration()
        let dtype = dtype == .float16 && configuration.forceUpcast ? .float32 : dtype
        let weights = try Weights(autoencoderWeights(), dtype: dtype, device: device)
        return try AutoencoderKL(
            configuration, weights.precision(precision), decodes: decodes)
    }

    /// The transformer as published. Throws ``ModelError/configuration(file:_:)`` when the folder has the folded form.
    package func loadTransformer(dtype: DType, device: Device) throws -> SD3Transformer2DModel {
        guard try transformerForm() == .plain else {
            throw ModelError.configuration(
                file: try configurationFile(ModelLayout.transformer),
                "this model is folded; 'transeg export MODEL OUT' makes a plain form of it")
        }
        return try SD3Transformer2DModel(
            transformerConfiguration(), Weights(transformerWeights(), dtype: dtype, device: device))
    }

    /// The folded transformer: as stored, or folded now from the plain form for a timestep and the empty prompt.
    ///
    /// - Parameters:
    ///   - precision: What the blocks' linear layers compute in.
    ///   - timestep: What a plain model is folded for.
    package func loadFoldedTransformer(
        dtype: DType, device: Device, precision: Precision = .exact, timestep: Double = segmentationTimestep
    ) throws -> FoldedTransformer {
        guard precision == .exact else {
            return try StreamedTransformer(
                self, dtype: dtype, device: device, precision: precision, timestep: timestep
            ).loaded()
        }
        let configuration = try transformerConfiguration()
        let weights = Weights(try transformerWeights(), dtype: dtype, device: device)
        // On an accelerator the bias would cost attention its quickest kernel, for a fiftieth of the tokens.
        let merges = device.kind == .cpu
        guard try transformerForm() == .plain else {
            return try FoldedTransformer(configuration, weights, mergesEqualTokens: merges)
        }
        let folded = try FoldedTransformer.fold(
            configuration, weights, timestep: timestep, prompt: loadEmptyPrompt())
        var transformer = try FoldedTransformer(
            configuration, Weights(folded, dtype: dtype, device: device), mergesEqualTokens: merges)
        // A third of the weights is the mapped file, on top of those that folding made. Only so much is worth the time
        // of reading it anew in each pass: of a file that is folded, all would be.
        if dtype == .float32, device == .cpu {
            transformer.releasePages = { weights["transformer_blocks"][$0].releasePages() }
        }
        return transformer
    }

    /// The transformer's weights as the file has them: the mapped file itself, each in its own dtype. A positional embedding that is not
    /// stored is worked out.
    ///
    /// Throws ``ModelError`` or `SafetensorsError`.
    package func transformerTensors() throws -> TransformerWeights {
        var tensors = try transformerWeights().tensors()
        if tensors[PositionTable.key] == nil {
            tensors[PositionTable.key] = try PositionTable.make(transformerConfiguration())
        }
        return TransformerWeights(form: try transformerForm(), tensors: tensors)
    }

    /// How many numbers the transformer's trained weights, its position table and the VAE are, from the files' headers alone.
    ///
    /// Throws ``ModelError`` or `SafetensorsError`.
    ///
    /// - Parameter decodes: Whether the VAE's decoder is counted.
    package func parameterCounts(decodes: Bool = true) throws -> (
        transformer: Int, positionTable: Int, autoencoder: Int
    ) {
        func count(_ shape: [Int]) -> Int { shape.reduce(1, *) }
        let transformer = try transformerWeights().tensors
        let configuration = try transformerConfiguration()
        let side = configuration.posEmbedMaxSize
        return (
            transformer.filter { $0.key != PositionTable.key }.values.map { count($0.shape) }.reduce(0, +),
            side * side * configuration.innerDim,
            try autoencoderWeights().tensors.filter { decodes || !$0.key.hasPrefix("decoder.") }.values
                .map { count($0.shape) }.reduce(0, +)
        )
    }

    /// The shapes of the transformer's weights by their keys, from the file's header. Throws ``ModelError`` or `SafetensorsError`.
    package func transformerShapes() throws -> [String: [Int]] { try transformerWeights().tensors.mapValues(\.shape) }

    /// Tokens of the empty prompt: those of the folder's embeddings or of a folded model; else as many as two CLIP encoders and T5 give.
    ///
    /// Throws ``ModelError`` or `SafetensorsError`.
    package func promptTokenCount() throws -> Int {
        if let context = try transformerShapes()["context"], context.count == 3 { return context[1] }
        return contains(ModelLayout.promptFolder) ? try loadEmptyPrompt().tokens.size(1) : EmptyPrompt.tokenCount
    }

    /// The paths of the VAE's configuration and weights. Throws ``ModelError`` or `SafetensorsError`.
    package func autoencoderFiles() throws -> [String] {
        [try configurationFile(ModelLayout.autoencoder)] + (try autoencoderWeights().files.map(\.path))
    }

    func transformerWeights() throws -> SafetensorsCollection {
        try weightsFile(ModelLayout.transformer, stem: ModelLayout.diffusersStem)
    }

    func autoencoderWeights() throws -> SafetensorsCollection {
        try weightsFile(ModelLayout.autoencoder, stem: ModelLayout.diffusersStem)
    }

    /// One of the two CLIP encoders, `text_encoder` or `text_encoder_2`, in float32 on the CPU.
    func loadTextEncoder(_ part: String) throws -> CLIPTextModelWithProjection {
        try CLIPTextModelWithProjection(
            configuration(part),
            Weights(weightsFile(part, stem: ModelLayout.transformersStem), dtype: .float32))
    }
}

extension ModelFolder {
    /// Checks that every part is there and that every weight has its place and shape, without reading the weights.
    ///
    /// Throws what loading would throw.
    package func check() throws {
        let configuration = try transformerConfiguration()
        // In the dtype of the file nothing is converted, so nothing is read.
        let file = try transformerWeights()
        let weights = Weights(file, dtype: file.storedDType ?? .float32)
        switch try transformerForm() {
        case .plain:
            _ = try SD3Transformer2DModel(configuration, weights)
            guard contains(ModelLayout.promptFolder) else {
                for part in [ModelLayout.textEncoder, ModelLayout.textEncoder2] {
                    _ = try weightsFile(part, stem: ModelLayout.transformersStem)
                }
                break
            }
            _ = try loadEmptyPrompt()
        case .folded:
            _ = try FoldedTransformer(configuration, weights)
        }
        _ = try loadAutoencoder(dtype: autoencoderWeights().storedDType ?? .float32, device: .cpu)
        for form in try ownHeadForms() { _ = try loadHead(form, dtype: .float32, device: .cpu) }
    }
}
