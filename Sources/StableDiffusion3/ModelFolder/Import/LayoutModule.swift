/// A module in the layout that a model was published in, and what it is in diffusers' layout.
struct LayoutModule {
    enum Piece {
        case whole
        /// Of rows that are three modules' one after the other.
        case third(Int)
        /// The rows' halves the other way round.
        case halvesSwapped
        /// A convolution of 1 × 1 that is a linear layer in diffusers.
        case matrix
    }

    let name: String
    let parts: [(name: String, piece: Piece)]
    /// The names of its tensors; "" where it is one itself.
    let suffixes: [String]

    static let linear = ["weight", "bias"]

    init(_ name: String, _ parts: [(name: String, piece: Piece)], suffixes: [String] = linear) {
        (self.name, self.parts, self.suffixes) = (name, parts, suffixes)
    }

    init(_ name: String, _ part: String, _ piece: Piece = .whole, suffixes: [String] = linear) {
        self.init(name, [(part, piece)], suffixes: suffixes)
    }

    /// The same modules as diffusers names and has them.
    var inDiffusersLayout: [LayoutModule] { parts.map { LayoutModule($0.name, $0.name, suffixes: suffixes) } }

    static func key(_ module: String, _ suffix: String) -> String { suffix.isEmpty ? module : "\(module).\(suffix)" }
}

extension ImportedTensor {
    func piece(_ piece: LayoutModule.Piece) throws -> ImportedTensor {
        switch piece {
        case .whole: self
        case .third(let index): try third(index)
        case .halvesSwapped: try halvesSwapped()
        case .matrix: try matrix()
        }
    }
}

extension [LayoutModule] {
    /// A state dict in diffusers' layout.
    ///
    /// - Parameters:
    ///   - file: For messages.
    ///   - model: What the modules are of, such as "a Stable Diffusion 3 transformer".
    ///   - optional: Keys that may be missing.
    /// - Throws: ``ImportError`` when a weight is missing, or nobody knows what it is.
    func converted(
        _ tensors: [String: ImportedTensor], file: String, model: String, optional: Set<String> = []
    ) throws -> [String: ImportedTensor] {
        var result: [String: ImportedTensor] = [:]
        var known: Set<String> = []
        var missing: [String] = []
        for module in self {
            for suffix in module.suffixes {
                let key = LayoutModule.key(module.name, suffix)
                known.insert(key)
                guard let tensor = tensors[key] else {
                    if !optional.contains(key) { missing.append(key) }
                    continue
                }
                for part in module.parts { result[LayoutModule.key(part.name, suffix)] = try tensor.piece(part.piece) }
            }
        }
        guard missing.isEmpty else {
            throw ImportError(
                "\(file) lacks \(missing.count == 1 ? "a weight" : "\(missing.count) weights") of \(model): "
                    + "\(ImportError.list(missing)); fetch it again, or take a file that has the whole model")
        }
        let other = tensors.filter { !known.contains($0.key) }.map(\.value.name)
        guard other.isEmpty else {
            throw ImportError("\(file) has weights that \(model) has no place for: \(ImportError.list(other))")
        }
        return result
    }
}
