import Safetensors
package import Torch

extension SafetensorsEntry {
    /// A tensor under a name.
    package init(_ name: String, _ tensor: Tensor) {
        self.init(name, shape: tensor.shape, dtype: tensor.dtype) { tensor }
    }

    /// A tensor under a name that is made when its turn to be written comes, so that one at a time is in memory.
    package init(_ name: String, shape: [Int], dtype: DType, make: @escaping () throws -> Tensor) {
        self.init(name: name, dtype: dtype.stored, shape: shape) { consume in
            try make().withUnsafeBytes(consume)
        }
    }
}
