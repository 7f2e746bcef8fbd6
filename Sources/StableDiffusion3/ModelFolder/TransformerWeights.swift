import Safetensors
package import Torch
import TorchNN

/// A transformer's state dict in one of its forms.
package struct TransformerWeights {
    package var form: TransformerForm
    /// By the form's keys, in any dtype.
    package var tensors: [String: Tensor]

    package init(form: TransformerForm, tensors: [String: Tensor]) {
        (self.form, self.tensors) = (form, tensors)
    }

    /// The dtype of most of the numbers.
    var commonDType: DType {
        let counts = Dictionary(tensors.values.map { ($0.dtype, $0.elementCount) }, uniquingKeysWith: +)
        return counts.max { $0.value < $1.value }?.key ?? .float32
    }

    /// For checking keys and shapes.
    var unconverted: Weights { Weights(unconverted: tensors) }
}

extension SafetensorsCollection {
    /// The dtype of most of the weights, by bytes.
    var storedDType: DType? {
        let bytes = Dictionary(tensors.values.map { ($0.dtype, $0.byteCount) }, uniquingKeysWith: +)
        return bytes.max { $0.value < $1.value }.flatMap { DType(stored: $0.key) }
    }

    /// All tensors as the mapped file has them, each in its own dtype.
    ///
    /// Throws `WeightsError` for a tensor that is not of floating point.
    package func tensors() throws -> [String: Tensor] {
        try Dictionary(
            uniqueKeysWithValues: tensors.map { name, info in
                // Other dtypes are refused when they are asked for.
                let weights = Weights(self, dtype: DType(stored: info.dtype) ?? .float32)
                return (name, try weights.tensor(name, shape: info.shape))
            })
    }
}
