import Foundation

/// The file of a checkpoint has the recipe alone, flat, by the names of ``SettingsTable``.
extension TrainingSettings: Codable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Setting.Key.self)
        for setting in SettingsTable.recipe { try setting.encode(self, &container) }
    }

    /// A setting that the file lacks has its built-in value; one that nobody knows is refused, for numbers may depend on it.
    public init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: Setting.Key.self)
        for key in container.allKeys where SettingsTable.named(key.stringValue) == nil {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container,
                debugDescription: "there is no setting \(key.stringValue) in this version of transeg")
        }
        for setting in SettingsTable.recipe { try setting.decode(container, &self) }
    }
}
