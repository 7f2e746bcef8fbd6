import Safetensors
package import Torch
import TorchNN

extension ModelFolder {
    /// A small decoder for this model's latents, which is a model of its own: a folder, or a Hugging Face id such as `madebyollin/taesd3` in
    /// Hugging Face's cache. Its files are among those that ``requireUnchangedFiles()`` looks at.
    ///
    /// Throws ``ModelError``, `WeightsError` or `SafetensorsError`.
    ///
    /// - Returns: The decoder, and the folder that it is in.
    package func loadTinyDecoder(
        _ name: String, dtype: DType, device: Device
    ) throws -> (decoder: AutoencoderTiny, folder: String) {
        let folder = try ModelLocation(name, revision: "main", environment: environment).path
        let className = AutoencoderTinyConfiguration.className
        let files = try PartFiles(
            folder, className: className,
            remedy: "a folder of an \(className), such as madebyollin/taesd3, was expected")
        let configuration = try AutoencoderTinyConfiguration.decode(
            files.configurationData, file: files.configurationFile)
        let own = try autoencoderConfiguration()
        for (key, found, expected) in [
            ("latent_channels", configuration.latentChannels, own.latentChannels),
            ("decoder_block_out_channels", configuration.upsampling, own.downsampling),
        ] where found != expected {
            throw ModelError.configuration(
                file: files.configurationFile,
                "it does not decode latents of \(self.name): by \(key) it has \(found) \(key == "latent_channels" ? "channels" : "pixels a side for a latent's position") where the model has \(expected)"
            )
        }
        openedFiles.add(files.weights.files)
        return (
            try AutoencoderTiny(configuration, Weights(files.weights, dtype: dtype, device: device)), folder
        )
    }
}
