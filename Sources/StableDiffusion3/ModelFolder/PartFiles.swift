import Foundation
import Safetensors

/// One part of a model in a folder of its own: what `config.json` holds, and the weights.
struct PartFiles {
    /// The path of `config.json`.
    let configurationFile: String
    let configurationData: Data
    let weights: SafetensorsCollection

    /// Opens the folder's files.
    ///
    /// Throws ``ModelError`` or `SafetensorsError`.
    ///
    /// - Parameters:
    ///   - className: The `_class_name` that the configuration must have.
    ///   - remedy: What to do where a file is missing.
    init(_ folder: String, className: String, remedy: String) throws {
        configurationFile = "\(folder)/config.json"
        guard FileManager.default.fileExists(atPath: configurationFile) else {
            throw ModelError.incomplete(folder: folder, missing: "config.json", remedy: remedy)
        }
        configurationData = try ConfigurationCache().data(of: configurationFile)
        if let name = try configurationClass(of: configurationData, file: configurationFile), name != className {
            throw ModelError.configuration(file: configurationFile, "_class_name is \(name); expected \(className)")
        }
        let files = WeightFiles(folder, stem: ModelLayout.diffusersStem)
        guard let name = ([nil] + files.variants).lazy.compactMap({ files.file(of: $0) }).first else {
            throw ModelError.incomplete(
                folder: folder, missing: "\(ModelLayout.diffusersStem).safetensors", remedy: remedy)
        }
        weights = try SafetensorsCollection(path: "\(folder)/\(name)").unwrapped()
    }
}
