package import Torch

/// Which weights a part of a model has, one after the other in one flat tensor.
package struct PartLayout: Sendable {
    /// The beginning of the keys of all of them, such as `transformer_blocks.3.`; may be empty.
    package let prefix: String
    /// Keys without the prefix, in the order of the tensor.
    package let names: [String]
    package let shapes: [[Int]]
    /// How many numbers there are.
    package let count: Int

    package init(prefix: String, _ weights: [(name: String, shape: [Int])]) {
        (self.prefix, names, shapes) = (prefix, weights.map(\.name), weights.map(\.shape))
        count = shapes.map { $0.reduce(1, *) }.reduce(0, +)
    }

    /// The weights' whole keys, with something before them, and shapes.
    package func tensors(_ prefix: String) -> [(key: String, shape: [Int])] {
        zip(names, shapes).map { (prefix + self.prefix + $0, $1) }
    }

    /// The weights in a tensor that is laid out so, by their whole keys; views of its memory.
    package func views(of flat: Tensor) throws -> [(key: String, tensor: Tensor)] {
        var start = 0
        return try zip(names, shapes).map { name, shape in
            let count = shape.reduce(1, *)
            defer { start += count }
            return (prefix + name, try flat.narrow(0, start: start, length: count).reshape(shape))
        }
    }

    /// Puts weights by their whole keys in a piece of a tensor that is laid out so, which begins at an element of it.
    func copy(_ tensors: [String: Tensor], into piece: Tensor, from first: Int) throws {
        let piece = (tensor: piece, range: first..<(first + piece.size(0)))
        var start = 0
        for (name, shape) in zip(names, shapes) {
            let range = start..<(start + shape.reduce(1, *))
            start = range.upperBound
            let common = range.clamped(to: piece.range)
            guard !common.isEmpty, let source = tensors[prefix + name] else { continue }
            let values = try source.reshape([range.count])
            try piece.tensor.narrow(0, start: common.lowerBound - first, length: common.count)
                .copyInPlace(values.narrow(0, start: common.lowerBound - range.lowerBound, length: common.count))
        }
    }
}
