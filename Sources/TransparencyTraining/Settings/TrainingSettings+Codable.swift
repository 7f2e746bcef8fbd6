import Foundation

/// The file of a checkpoint has the recipe alone, flat, by the names of ``SettingsTable``.
extension TrainingSettings: Codable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Setting.Key.self)
        for setting in SettingsTable.recipe { try setting.encode(self, &container) }
        if training.processCount != 1 { try container.encode(training.processCount, forKey: Self.processCountKey) }
    }

    /// A setting that the file lacks has its built-in value; one that nobody knows is refused, for numbers may depend on it.
    public init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: Setting.Key.self)
        for key in container.allKeys
        where SettingsTable.named(key.stringValue) == nil && key.stringValue != Self.processCountKey.stringValue {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container,
                debugDescription: "there is no setting \(key.stringValue) in this version of transeg")
        }
        for setting in SettingsTable.recipe { try setting.decode(container, &self) }
        training.processCount = try container.decodeIfPresent(Int.self, forKey: Self.processCountKey) ?? 1
    }

    /// No setting, for the launcher says it; a factor of the pictures of an update.
    private static let processCountKey = Setting.Key("process_count")
}
