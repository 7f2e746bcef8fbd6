/// A part of a transformer that is trained on its own.
enum TransformerPart: Equatable {
    /// What comes before the blocks.
    case embedding
    case block(Int)
    /// What comes after them.
    case output

    /// All parts in the order of a pass.
    static func all(blockCount: Int) -> [TransformerPart] {
        [.embedding] + (0..<blockCount).map { .block($0) } + [.output]
    }

    /// The part that a weight belongs to, by diffusers' key.
    init(key: String) {
        let names = key.split(separator: ".", maxSplits: 2)
        switch names.first {
        case "transformer_blocks": self = names.count > 1 ? Int(names[1]).map { .block($0) } ?? .embedding : .embedding
        case "norm_out", "proj_out", "mask_head", "local_continuity": self = .output
        default: self = .embedding
        }
    }

    /// The beginning of the keys of its weights that none has in common with other parts'.
    var prefix: String {
        guard case .block(let index) = self else { return "" }
        return "transformer_blocks.\(index)."
    }
}
