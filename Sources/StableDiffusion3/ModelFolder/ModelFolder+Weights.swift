import Foundation
package import Safetensors
import Synchronization

/// The weight files of one part of a model, by the names that diffusers and transformers give them.
struct WeightFiles {
    let stem: String
    /// What is in the part's folder.
    let names: Set<String>

    init(_ folder: String, stem: String) {
        self.stem = stem
        names = Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    }

    /// The file, or the index of several, that diffusers 0.35.2 and transformers 4.57.6 take of a variant: of both kinds diffusers takes the
    /// index (`ModelMixin.from_pretrained`), and transformers the file (`_get_resolved_checkpoint_files`).
    func file(of variant: String?) -> String? {
        let infix = variant.map { ".\($0)" } ?? ""
        let whole = ["\(stem)\(infix).safetensors"]
        // Different versions have put the variant in each of these places.
        let indices = [
            "\(stem).safetensors.index\(infix).json", "\(stem).safetensors\(infix).index.json",
            "\(stem)\(infix).safetensors.index.json",
        ]
        let isOfDiffusers = stem == ModelLayout.diffusersStem
        return (isOfDiffusers ? indices + whole : whole + indices).first(where: names.contains)
    }

    /// The infixes of files that are there, in order.
    var variants: [String] {
        let pieces = names.flatMap { name -> [String] in
            guard name.hasPrefix("\(stem)."), name.hasSuffix(".safetensors") || name.hasSuffix(".json") else {
                return []
            }
            return name.split(separator: ".").map(String.init)
        }
        return Set(pieces).filter { file(of: $0) != nil && !["safetensors", "index", "json", stem].contains($0) }
            .sorted()
    }
}

extension ModelFolder {
    /// The part's weights, one file or several with an index, with what wrappers had put before their keys taken off.
    ///
    /// - Parameter stem: How the files' names begin.
    /// - Throws: ``ModelError``, `SafetensorsError`.
    func weightsFile(_ part: String, stem: String) throws -> SafetensorsCollection {
        let name = try weightsName(part, stem: stem).name
        do {
            let weights = try SafetensorsCollection(path: "\(path)/\(part)/\(name)").unwrapped()
            openedFiles.add(weights.files)
            return weights
        } catch SafetensorsError.fileAccess(let file, _, ENOENT) {
            let lacking = (file as NSString).lastPathComponent
            throw missing("\(part)/\(lacking)", listedIn: lacking == name ? nil : "\(part)/\(name)")
        }
    }

    /// Which file of a part is taken, and a note where it is not of the variant that was asked for.
    private func weightsName(_ part: String, stem: String) throws -> (name: String, note: String?) {
        let files = WeightFiles("\(path)/\(part)", stem: stem)
        if let name = files.file(of: variant) { return (name, nil) }
        // A repository has a variant where it makes a difference; diffusers takes the other parts without it.
        if let variant, hasVariant(variant), let name = files.file(of: nil) {
            return (name, "\(part) has no variant \(variant); \(part)/\(name) is taken")
        }
        // The same weights, rounded.
        if variant == nil, let name = ["fp16", "bf16"].lazy.compactMap({ files.file(of: $0) }).first {
            return (name, "\(part) has no \(stem).safetensors; \(part)/\(name) is taken")
        }
        throw missingWeights(part, files)
    }

    private func hasVariant(_ variant: String) -> Bool {
        ModelLayout.weights.contains { WeightFiles("\(path)/\($0.part)", stem: $0.stem).file(of: variant) != nil }
    }

    /// What a person should know about the files that are taken: one sentence for each part that has not what was asked for.
    package var notes: [String] {
        ModelLayout.weights.compactMap { part, stem in
            contains(ModelLayout.promptFolder) && stem == ModelLayout.transformersStem
                ? nil : (try? weightsName(part, stem: stem))?.note
        }
    }

    /// Throws `SafetensorsError` when a file that this folder's weights were read from, and still are, has been written to or cut short.
    package func requireUnchangedFiles() throws { try openedFiles.requireUnchanged() }

    /// Lets go of the memory that this folder's mapped weights take, until somebody reads them again.
    package func releasePages() { openedFiles.releasePages() }
}

/// The files that weights are in, for as long as somebody has them mapped.
package final class OpenedFiles: Sendable {
    private struct Opened: Sendable {
        weak let file: SafetensorsFile?
    }

    private let opened = Mutex<[Opened]>([])

    package init() {}

    package func add(_ files: [SafetensorsFile]) {
        opened.withLock { opened in opened = opened.filter { $0.file != nil } + files.map { Opened(file: $0) } }
    }

    private var files: [SafetensorsFile] { opened.withLock { $0.compactMap(\.file) } }

    func requireUnchanged() throws { for file in files { try file.mapping.requireUnchanged() } }

    /// Lets go of the memory that the mapped files take, until somebody reads them again.
    package func releasePages() { for file in files { file.mapping.evict(byteOffset: 0, byteCount: .max) } }
}
