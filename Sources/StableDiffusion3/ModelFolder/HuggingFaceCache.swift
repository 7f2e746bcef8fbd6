import Files
import Foundation

/// The folder in which `hf download` and diffusers keep models (huggingface_hub 0.36 `constants.py`).
struct HuggingFaceCache {
    let root: String

    /// `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`, which is by default
    /// `$XDG_CACHE_HOME/huggingface` or `~/.cache/huggingface`. In each, `~` and `$NAME` stand for what they do in a shell.
    init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : Self.expanding($0, environment) }
        }
        let base = value("XDG_CACHE_HOME") ?? expandingTilde("~/.cache", environment: environment)
        root =
            value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE")
            ?? (value("HF_HOME") ?? base + "/huggingface") + "/hub"
    }

    /// Python's `os.path.expandvars` after `os.path.expanduser`: what is not set stays as it is written.
    private static func expanding(_ path: String, _ environment: [String: String]) -> String {
        expandingTilde(path, environment: environment).replacing(/\$(?:\{([^}]*)\}|(\w+))/.asciiOnlyWordCharacters()) {
            match in environment[String(match.1 ?? match.2 ?? "")] ?? String(match.0)
        }
    }

    /// The repository `organization/name`; nil when it is not in the cache.
    func repository(_ id: String) -> CachedRepository? {
        CachedRepository("\(root)/\(CachedRepository.prefix)\(id.replacing("/", with: "--"))")
    }

    /// The ids of the models that are in a cache's folder, in order.
    static func models(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            .compactMap { CachedRepository("\(folder)/\($0)")?.id }
    }

    /// Whether the text has the form `organization/name` of a repository's id.
    static func isRepository(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                part.first.map { $0.isLetter || $0.isNumber } ?? false
                    && part.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
            }
    }
}

/// A model's folder in the cache, `models--organization--name`, with `refs/`, `snapshots/` and `blobs/`.
struct CachedRepository {
    static let prefix = "models--"

    let folder: String
    let id: String

    /// Nil when there is no such folder, or it is none of the cache's.
    init?(_ folder: String) {
        let name = (folder as NSString).lastPathComponent
        // A download that has only begun has no snapshot.
        guard name.hasPrefix(Self.prefix),
            ["snapshots", "blobs", "refs"].contains(where: { isFolder("\(folder)/\($0)") })
        else { return nil }
        self.folder = folder
        let parts = name.dropFirst(Self.prefix.count).split(separator: "--", maxSplits: 1)
        id = parts.joined(separator: "/")
    }

    /// The commits whose snapshots are there, in order.
    var commits: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/snapshots")) ?? [])
            .filter { isFolder("\(folder)/snapshots/\($0)") }.sorted()
    }

    /// Whether the beginning of a file is there whose download was not finished.
    var hasUnfinishedDownload: Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/blobs")) ?? [])
            .contains { $0.hasSuffix(".incomplete") }
    }

    /// The snapshot of a branch, tag or commit, which may be shortened; of `main`, where the cache does not say which commit that is, the only
    /// one. Nil when it is not there.
    ///
    /// Throws ``ModelError/notFound(_:)`` when several snapshots are meant.
    func snapshot(at revision: String) throws -> String? {
        guard !revision.isEmpty, !revision.contains("..") else { return nil }
        let commits = commits
        if let reference = try? String(contentsOfFile: "\(folder)/refs/\(revision)", encoding: .utf8) {
            let commit = reference.trimmingCharacters(in: .whitespacesAndNewlines)
            return commits.contains(commit) ? path(of: commit) : nil
        }
        if commits.contains(revision) { return path(of: revision) }
        // Shorter ones would be names of branches rather than commits.
        let isCommit = revision.count >= 4 && revision.allSatisfy(\.isHexDigit)
        let meant =
            revision == "main" ? commits : isCommit ? commits.filter { $0.hasPrefix(revision.lowercased()) } : []
        guard meant.count <= 1 else {
            throw ModelError.notFound(
                "\(folder) has \(meant.count) snapshots and does not say which of them is \(revision); choose one with --revision: "
                    + meant.joined(separator: ", "))
        }
        return meant.first.map(path(of:))
    }

    private func path(of commit: String) -> String { "\(folder)/snapshots/\(commit)" }
}
