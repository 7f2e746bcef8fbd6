import Files
import Foundation

/// Where a model lies that a person names: by a folder, by a Hugging Face id, or by the address of its page there.
struct ModelLocation {
    let path: String
    /// What gets a part that is missing; nil where nobody knows where the folder is from.
    let download: String?

    /// Throws ``ModelError/notFound(_:)``.
    init(_ name: String, revision: String, environment: [String: String]) throws {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw ModelError.notFound("the model's name is empty; give a folder or a Hugging Face id")
        }
        var path = expandingTilde(name, environment: environment)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if isFolder(path) {
            self = try Self.folder(path, revision: revision)
            return
        }
        if FileManager.default.fileExists(atPath: path) { throw ModelError.notFound(ModelFile(path).fault) }
        if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
            throw ModelError.notFound("\(path) is a link to \(target), which is not there; give a model folder")
        }
        let page = try ModelPage(path)
        let id = page?.id ?? path
        guard HuggingFaceCache.isRepository(id) else {
            throw ModelError.notFound(
                "there is no model folder \(name); give a folder in diffusers' layout or a Hugging Face id such as "
                    + "stabilityai/stable-diffusion-3.5-medium")
        }
        self = try Self.cached(
            id, revision: revision == "main" ? page?.revision ?? revision : revision,
            in: HuggingFaceCache(environment: environment))
    }

    private init(path: String, download: String?) {
        (self.path, self.download) = (path, download)
    }

    /// A folder as it is; of one that the cache keeps for a model, its snapshot.
    private static func folder(_ path: String, revision: String) throws -> ModelLocation {
        let url = URL(fileURLWithPath: path)
        // Both the model's folder and the one in it that holds nothing but commits.
        guard
            let repository = CachedRepository(path)
                ?? (url.lastPathComponent == "snapshots"
                    ? CachedRepository(url.deletingLastPathComponent().path) : nil)
        else { return ModelLocation(path: path, download: downloadOfSnapshot(path)) }
        guard let snapshot = try repository.snapshot(at: revision) else {
            throw ModelError.notFound(absence(repository, revision: revision))
        }
        return ModelLocation(path: snapshot, download: download(of: repository.id, revision: revision))
    }

    private static func cached(
        _ id: String, revision: String, in cache: HuggingFaceCache
    ) throws -> ModelLocation {
        guard let repository = cache.repository(id) else {
            throw ModelError.notFound(
                "the model \(id) (revision \(revision)) is neither a folder nor in the Hugging Face cache "
                    + "\(cache.root); \(download(of: id, revision: revision))")
        }
        guard let snapshot = try repository.snapshot(at: revision) else {
            throw ModelError.notFound(absence(repository, revision: revision))
        }
        return ModelLocation(path: snapshot, download: download(of: id, revision: revision))
    }

    /// What is wrong with a model in the cache that lacks a revision.
    private static func absence(_ repository: CachedRepository, revision: String) -> String {
        let commits = repository.commits
        let there =
            commits.isEmpty
            ? repository.hasUnfinishedDownload ? "its download was not finished" : "it has no snapshot"
            : "it has \(commits.joined(separator: ", ")), which --revision takes"
        return "the revision \(revision) of \(repository.id) is not in \(repository.folder): \(there); "
            + download(of: repository.id, revision: revision)
    }

    /// For a snapshot that is named by its path.
    private static func downloadOfSnapshot(_ path: String) -> String? {
        let url = URL(fileURLWithPath: path)
        let parent = url.deletingLastPathComponent()
        guard parent.lastPathComponent == "snapshots" else { return nil }
        return CachedRepository(parent.deletingLastPathComponent().path).map {
            download(of: $0.id, revision: url.lastPathComponent)
        }
    }

    private static func download(of id: String, revision: String) -> String {
        guard let download = try? ModelDownload(id, revision: revision) else { return "download it" }
        return "download it with: \(download.text)" + (download.license.map { "; \($0)" } ?? "")
    }
}

/// The address of a model's page, such as `https://huggingface.co/organization/name/tree/main`.
private struct ModelPage {
    let id: String
    let revision: String?

    private static let hosts = ["huggingface.co/", "www.huggingface.co/", "hf.co/"]

    /// Nil for what is no address of Hugging Face's. Throws ``ModelError/notFound(_:)`` for one of something else there.
    init?(_ text: String) throws {
        let address =
            ["https://", "http://", "hf://"].first(where: text.hasPrefix).map { text.dropFirst($0.count) } ?? text[...]
        guard let host = Self.hosts.first(where: address.hasPrefix) ?? (text.hasPrefix("hf://") ? "" : nil) else {
            if address.count < text.count {
                throw ModelError.notFound(
                    "\(text) is an address, and nothing is downloaded; give a folder in diffusers' layout or a Hugging Face id"
                )
            }
            return nil
        }
        let path = address.dropFirst(host.count).prefix { $0 != "?" && $0 != "#" }
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count >= 2, !["datasets", "spaces"].contains(parts[0]) else {
            throw ModelError.notFound(
                "\(text) is not the page of a model; give its id, such as stabilityai/stable-diffusion-3.5-medium")
        }
        id = "\(parts[0])/\(parts[1])"
        revision = parts.count > 3 && ["tree", "commit", "blob", "resolve"].contains(parts[2]) ? parts[3] : nil
    }
}
