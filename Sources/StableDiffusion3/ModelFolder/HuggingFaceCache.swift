import Files
import Foundation

/// The folder in which `hf download` and diffusers keep models (huggingface_hub 0.36 `constants.py`).
struct HuggingFaceCache {
    let root: String

    /// `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`, which is by default
    /// `$XDG_CACHE_HOME/huggingface` or `~/.cache/huggingface`.
    init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = value("HOME") ?? NSHomeDirectory()
        let base = value("XDG_CACHE_HOME") ?? home + "/.cache"
        let path =
            value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE")
            ?? (value("HF_HOME") ?? base + "/huggingface") + "/hub"
        root = path.hasPrefix("~/") ? home + path.dropFirst() : path
    }

    /// The snapshot of a repository `organisation/name` at a branch, tag or commit; nil when it is not in the cache.
    func snapshot(of repository: String, revision: String) -> String? {
        let folder = "\(root)/models--\(repository.replacingOccurrences(of: "/", with: "--"))"
        let reference = try? PlainFile.contents(of: "\(folder)/refs/\(revision)")
        let commit =
            reference.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
            ?? revision
        guard !commit.isEmpty, !commit.contains("..") else { return nil }
        let snapshot = "\(folder)/snapshots/\(commit)"
        return isFolder(snapshot) ? snapshot : nil
    }

    /// Whether the text has the form `organisation/name` of a repository's id.
    static func isRepository(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                part.first.map { $0.isLetter || $0.isNumber } ?? false
                    && part.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
            }
    }
}
