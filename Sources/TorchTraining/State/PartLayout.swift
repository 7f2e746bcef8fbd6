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
}
