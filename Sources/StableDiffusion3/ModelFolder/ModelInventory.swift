import Files
import Foundation

/// A model that is on this machine.
package struct ModelEntry: Encodable, Sendable {
    /// What `--model` takes.
    package let name: String
    package let path: String?
    /// Of all files of the model.
    package let bytes: Int
    /// The transformer's form: `plain` or `folded`.
    package let transformer: String?
    /// Numbers of the transformer.
    package let parameters: Int?
    /// What it has besides the transformer's own projection: `readout of 3 classes`, `local continuity`.
    package let heads: [String]
    /// Why it cannot be used; nil where it can.
    package let problem: String?

    enum CodingKeys: String, CodingKey { case name, path, bytes, transformer, parameters, heads, problem }
}

extension ModelEntry {
    /// The models of Hugging Face's cache that have a Stable Diffusion 3 transformer, in order.
    package static func cached(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> [ModelEntry] {
        let cache = HuggingFaceCache(environment: environment)
        return HuggingFaceCache.models(in: cache.root).compactMap { id in
            guard let repository = cache.repository(id), repository.isOfThisKind else { return nil }
            return ModelEntry(id, environment: environment, folder: repository.folder)
        }
    }

    /// The folder where models are looked for.
    package static func cacheFolder(environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        HuggingFaceCache(environment: environment).root
    }

    /// Looks at a model: its files and their headers, not its weights.
    ///
    /// - Parameter folder: Whose files are counted; nil for the model's own.
    package init(
        _ name: String, label: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
        folder: String? = nil
    ) {
        self.name = label ?? name
        var (path, form, count, heads) = (String?.none, String?.none, Int?.none, [String]())
        do {
            let model = try ModelFolder(name, environment: environment)
            path = model.path
            form = try model.transformerForm() == .plain ? "plain" : "folded"
            count = try model.parameterCounts().transformer
            heads = try model.ownHeadForms().compactMap(\.text)
            try model.check()
            problem = nil
        } catch {
            problem = "\(error)"
        }
        bytes = (folder ?? path).map(Self.size) ?? 0
        (self.path, transformer, parameters, self.heads) = (path, form, count, heads)
    }

    /// Of all files, each once: the cache's snapshots link to its blobs.
    private static func size(of folder: String) -> Int {
        let files = FileManager.default.enumerator(atPath: folder)
        var (bytes, seen) = (0, Set<String>())
        while let name = files?.nextObject() as? String {
            let path = URL(fileURLWithPath: "\(folder)/\(name)").resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                attributes[.type] as? FileAttributeType == .typeRegular, seen.insert(path).inserted
            else { continue }
            bytes += attributes[.size] as? Int ?? 0
        }
        return bytes
    }
}

extension HeadForm {
    /// For a list; nil for what every model has.
    fileprivate var text: String? {
        switch self {
        case .projection: nil
        case .localContinuity: "local continuity"
        case .readout(let configuration):
            "readout of \(configuration.numClasses) \(configuration.numClasses == 1 ? "class" : "classes")"
        }
    }
}

extension CachedRepository {
    /// Whether a snapshot has a transformer, or is yet to be looked into by whoever asks for it.
    fileprivate var isOfThisKind: Bool {
        commits.contains { isFolder("\(folder)/snapshots/\($0)/\(ModelLayout.transformer)") }
    }
}

/// What fetches a model into Hugging Face's cache: the user's own `hf download`.
package struct ModelDownload: Sendable {
    package let id: String
    /// The command's arguments, the program first.
    package let command: [String]

    /// - Throws: ``ModelError/notFound(_:)`` for what is no id.
    package init(_ id: String, revision: String = "main") throws {
        guard HuggingFaceCache.isRepository(id) else {
            throw ModelError.notFound(
                "\(id) is no Hugging Face id; one such as stabilityai/stable-diffusion-3.5-medium was expected")
        }
        self.id = id
        command =
            ["hf", "download", id] + (revision == "main" ? [] : ["--revision", revision])
            + Self.parts.flatMap { ["--include", $0] }
    }

    /// What of a repository is used: a model's parts with what this package adds to them, or a small decoder, which lies at the top.
    static let parts =
        ModelLayout.weights.map { "\($0.part)/*" }
        + [ModelLayout.promptFolder, ModelLayout.maskHead, ModelLayout.localContinuity].map { "\($0)/*" }
        + ["*.json", "\(ModelLayout.diffusersStem).safetensors"]

    /// As a shell takes it.
    package var text: String { command.map { $0.contains("*") ? "'\($0)'" : $0 }.joined(separator: " ") }

    /// What to do before, for models whose license must be accepted; nil for others.
    package var license: String? {
        id.hasPrefix("stabilityai/")
            ? "the model is gated: accept its license at https://huggingface.co/\(id) and run 'hf auth login' first"
            : nil
    }
}
