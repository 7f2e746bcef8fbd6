import Foundation
import Torch

/// What `transeg --version` says.
enum Version {
    /// The release, by semantic versioning; of what comes after it until the next. The one place where it is kept.
    static let release = "0.1.0"

    /// The release, the commit it was built from and the torch that it runs on.
    static var text: String {
        let loaded = TorchRuntime.loadedVersion ?? "an unknown version"
        return """
            transeg   \(release)
            commit    \(commit ?? "unknown")
            libtorch  \(loaded), built for \(TorchRuntime.version)
            """
    }

    /// What `Scripts/build` wrote beside the program; nil where the program was built later by something else.
    private static var commit: String? {
        func modified(_ path: String) -> Date? {
            try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
        }
        guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
        let note = program.deletingLastPathComponent().appendingPathComponent("transeg.commit").path
        guard let built = modified(program.path), let written = modified(note), written >= built,
            let text = try? String(contentsOfFile: note, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
        else {
            return nil
        }
        return text.isEmpty ? nil : text
    }
}
