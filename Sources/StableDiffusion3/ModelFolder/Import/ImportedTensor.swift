import Safetensors
import Torch
import TorchNN

/// A weight that is read when its turn comes, so that one at a time is in memory.
struct ImportedTensor {
    /// Its key in the file.
    let name: String
    let file: String
    let shape: [Int]
    /// What it is read as.
    let dtype: DType
    let read: () throws -> Tensor

    /// The same with what is read of it changed.
    func changed(_ shape: [Int], dtype: DType? = nil, _ change: @escaping (Tensor) throws -> Tensor) -> ImportedTensor {
        ImportedTensor(name: name, file: file, shape: shape, dtype: dtype ?? self.dtype) { try change(read()) }
    }

    /// One of three equal runs of rows.
    func third(_ index: Int) throws -> ImportedTensor {
        let rows = try rows(dividedBy: 3)
        return changed([rows] + shape.dropFirst()) { try $0.narrow(0, start: index * rows, length: rows) }
    }

    /// The lower half of the rows before the upper one.
    func halvesSwapped() throws -> ImportedTensor {
        let rows = try rows(dividedBy: 2)
        return changed(shape) {
            try cat([$0.narrow(0, start: rows, length: rows), $0.narrow(0, start: 0, length: rows)], axis: 0)
        }
    }

    /// A convolution of 1 × 1 as the matrix that it is; itself where it is one.
    func matrix() throws -> ImportedTensor {
        guard shape.count > 2 else { return self }
        guard shape[2...].allSatisfy({ $0 == 1 }) else { throw unexpectedShape("a convolution of 1 × 1") }
        let matrix = Array(shape[..<2])
        return changed(matrix) { try $0.reshape(matrix) }
    }

    private func rows(dividedBy count: Int) throws -> Int {
        guard let rows = shape.first, rows.isMultiple(of: count) else {
            throw unexpectedShape("a number of rows that \(count) divides")
        }
        return rows / count
    }

    func unexpectedShape(_ expected: String) -> ImportError {
        ImportError("\(file): the weight \(name) has shape \(shape); \(expected) was expected")
    }

    /// Stands for the weight where only its shape is looked at.
    func placeholder() throws -> Tensor {
        let count = shape.reduce(1, *)
        return count == 0
            ? try Tensor.empty(shape)
            : try Tensor.zeros(Array(repeating: 1, count: shape.count)).expand(shape)
    }
}

extension [String: ImportedTensor] {
    /// Shapes by keys, for checking that a model takes them; nothing is read.
    func placeholders() throws -> Weights { Weights(unconverted: try mapValues { try $0.placeholder() }) }

    /// The dtype of most of the numbers.
    var commonDType: DType {
        var counts: [DType: Int] = [:]
        for tensor in values { counts[tensor.dtype, default: 0] += tensor.shape.reduce(1, *) }
        return counts.max { $0.value < $1.value }?.key ?? .float32
    }
}
