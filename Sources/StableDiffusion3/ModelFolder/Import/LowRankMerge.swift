import Torch

/// Low-rank pairs made part of a transformer's weights.
enum LowRankMerge {
    /// The weights with `scale · up · down` added to those that the pairs are for.
    ///
    /// - Parameter tensors: Of the base, in diffusers' layout.
    /// - Throws: ``ImportError`` where the base has no such module, or one of another shape.
    static func merged(
        _ pairs: [LowRankFile.Pair], into tensors: [String: ImportedTensor], _ layout: TransformerLayout, file: String,
        base: String
    ) throws -> [String: ImportedTensor] {
        let places = places(layout)
        var result = tensors
        for pair in pairs {
            guard let parts = places[pair.module] else {
                throw ImportError(
                    "\(file) changes the module \(pair.module), which \(base) has not; it is for another model")
            }
            for part in parts {
                let key = "\(part.name).weight"
                guard let weight = result[key] else { throw ImportError("\(base) lacks the weight \(key)") }
                result[key] = try merged(pair, part.piece, into: weight, file: file)
            }
        }
        return result
    }

    /// What a module is in diffusers' layout, by its names in both layouts, each as it is and as kohya's files write it.
    private static func places(_ layout: TransformerLayout) -> [String: [(name: String, piece: LayoutModule.Piece)]] {
        var places: [String: [(name: String, piece: LayoutModule.Piece)]] = [:]
        for module in layout.modules where module.suffixes == LayoutModule.linear {
            for (name, parts) in [(module.name, module.parts)] + module.parts.map({ ($0.name, [($0.name, .whole)]) }) {
                places[name] = parts
                places[name.replacing(".", with: "_")] = parts
            }
        }
        return places
    }

    private static func merged(
        _ pair: LowRankFile.Pair, _ piece: LayoutModule.Piece, into weight: ImportedTensor, file: String
    ) throws -> ImportedTensor {
        let up = try pair.up.piece(piece)
        let inputs = pair.down.shape.dropFirst().reduce(1, *)
        guard up.shape[0] == weight.shape.first, inputs == weight.shape.dropFirst().reduce(1, *) else {
            throw ImportError(
                "\(file): the pair of \(pair.module) makes a change of \(up.shape[0]) × \(inputs), and the weight \(weight.name) "
                    + "has shape \(weight.shape); it is for another model")
        }
        let (rank, dtype) = (pair.down.shape[0], weight.dtype)
        return weight.changed(weight.shape) { base in
            let rows = try up.read().to(.float32).reshape([up.shape[0], rank])
            let columns = try pair.down.read().to(.float32).reshape([rank, inputs])
            let change = try matmul(rows, columns) * pair.scale
            return try (base.to(.float32) + change.reshape(weight.shape)).to(dtype)
        }
    }
}
