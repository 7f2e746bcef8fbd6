import Files
package import Foundation
package import Safetensors
import Torch
import TorchNN

/// A VAE in a folder of its own, as training makes one and as a model's `vae/` is.
package struct AutoencoderFiles {
    /// The content of `config.json`.
    package let configurationData: Data
    package let configuration: AutoencoderKLConfiguration
    package let weights: SafetensorsCollection

    /// Opens the folder's files; what they hold is known to fit together.
    ///
    /// Throws ``ModelError``, `WeightsError` or `SafetensorsError`.
    package init(_ folder: String) throws {
        let expected = "a VAE's folder in diffusers' layout was expected"
        guard isFolder(folder) else { throw ModelError.notFound("there is no folder \(folder); \(expected)") }
        let own = "\(folder)/\(ModelLayout.autoencoder)"
        let remedy = isFolder(own) ? "the VAE of this model is \(own); name that" : expected
        let files = try PartFiles(folder, className: AutoencoderKLConfiguration.className, remedy: remedy)
        (configurationData, weights) = (files.configurationData, files.weights)
        configuration = try .decode(configurationData, file: files.configurationFile)
        // In the dtype of the file nothing is converted, so nothing is read.
        _ = try AutoencoderKL(configuration, Weights(weights, dtype: weights.storedDType ?? .float32))
    }
}
