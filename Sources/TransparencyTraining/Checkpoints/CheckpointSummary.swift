import Foundation

/// What a checkpoint is: how far its run was, with which settings, and its files. Reads documents alone.
package struct CheckpointSummary: Encodable {
    let path: String
    let step: Int
    /// Samples before it.
    let samples: Int
    let formatVersion: Int
    /// How many processes wrote it.
    let worldSize: Int
    /// Its validation is still to come.
    let validationIsPending: Bool
    let best: TrainingState.Best?
    /// What the weights depend on, by the names of settings: those that are not as they are built in.
    let settings: [String: String]
    let files: [String: CheckpointManifest.Entry]
    package let bytes: Int

    enum CodingKeys: String, CodingKey {
        case path, step, samples, best, settings, files, bytes
        case formatVersion = "format_version"
        case worldSize = "world_size"
        case validationIsPending = "validation_is_pending"
    }

    /// Throws ``TrainingError``.
    package init(_ checkpoint: TrainingCheckpoint) throws {
        let (manifest, state) = (try checkpoint.store.manifest(of: checkpoint.step), try checkpoint.state())
        (path, step, samples) = (checkpoint.path, state.step, state.cursor)
        (formatVersion, worldSize) = (manifest.formatVersion, manifest.worldSize)
        (validationIsPending, best, files) = (state.validationIsPending, state.best, manifest.files)
        let builtIn = TrainingSettings()
        settings = Dictionary(
            uniqueKeysWithValues: SettingsTable.recipe.compactMap { setting in
                let text = setting.text(state.settings)
                return text == setting.text(builtIn) ? nil : text.map { (setting.name, $0) }
            })
        bytes = manifest.files.values.map(\.bytes).reduce(0, +)
    }

    package func json() throws -> String { String(decoding: try prettyJSON(self), as: UTF8.self) }

    /// `12 files, 27.1 GB, written by 4 processes`.
    package var content: String {
        let writers = worldSize == 1 ? "one process" : "\(worldSize) processes"
        return "\(files.count) files, \(Self.text(bytes)), written by \(writers)"
    }

    /// For people.
    package var text: String {
        let validation =
            best.map { String(format: "best validation IoU %.4f after update %d", $0.iou, $0.step) }
            ?? "no validation so far"
        return """
            \(path): update \(step), \(samples) samples
            \(validation)\(validationIsPending ? "; that of this update is still to come" : "")
            \(content), format \(formatVersion)
            \(Self.table(files.map { ($0.key, Self.text($0.value.bytes)) }))
            settings that are not as they are built in:
            \(Self.table(settings.map { ($0.key, $0.value) }))
            """
    }

    private static func table(_ rows: [(String, String)]) -> String {
        let width = (rows.map(\.0.count).max() ?? 0) + 2
        return rows.sorted { $0.0 < $1.0 }.map { name, value in
            "  " + name.padding(toLength: width, withPad: " ", startingAt: 0) + value
        }.joined(separator: "\n")
    }

    private static func text(_ bytes: Int) -> String {
        let (units, size) = (["bytes", "kB", "MB", "GB", "TB"], Double(bytes))
        let power = bytes < 1000 ? 0 : min(units.count - 1, Int(log10(size) / 3))
        return power == 0 ? "\(bytes) bytes" : String(format: "%.1f %@", size / pow(1000, Double(power)), units[power])
    }
}
