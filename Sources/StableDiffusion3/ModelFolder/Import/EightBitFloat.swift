import Foundation
import Safetensors
import Torch

/// A float of 8 bits (Micikevicius et al., "FP8 Formats for Deep Learning", arXiv 2209.05433).
struct EightBitFloat {
    private let exponentBits: Int
    private let hasInfinity: Bool

    /// Nil for other dtypes.
    init?(_ dtype: StoredDType) {
        switch dtype {
        case .f8e4m3: (exponentBits, hasInfinity) = (4, false)
        case .f8e5m2: (exponentBits, hasInfinity) = (5, true)
        default: return nil
        }
    }

    /// The number that a byte stands for.
    func value(of byte: UInt8) -> Float {
        let mantissaBits = 7 - exponentBits
        let sign: Float = byte & 0x80 == 0 ? 1 : -1
        let exponent = Int(byte & 0x7F) >> mantissaBits
        let mantissa = Int(byte) & (1 << mantissaBits - 1)
        let bias = 1 << (exponentBits - 1) - 1
        if hasInfinity, exponent == 1 << exponentBits - 1 { return mantissa == 0 ? sign * .infinity : .nan }
        if !hasInfinity, byte & 0x7F == 0x7F { return .nan }
        let fraction = Float(exponent == 0 ? mantissa : mantissa | 1 << mantissaBits)
        return sign * fraction * Float(exp2(Double(max(exponent, 1) - bias - mantissaBits)))
    }

    /// The numbers in bfloat16, whose 8 bits hold them all.
    func tensor(of bytes: UnsafeRawBufferPointer, shape: [Int]) throws -> Tensor {
        let table = (0...255).map { UInt16(value(of: UInt8($0)).bitPattern >> 16) }
        let values = table.withUnsafeBufferPointer { table in bytes.map { table[Int($0)] } }
        return try values.withUnsafeBytes { try Tensor(copying: $0, shape: shape, dtype: .bfloat16) }
    }
}

/// What ComfyUI puts beside weights of 8 bits.
enum ScaledWeights {
    /// Multiplies each weight by its scale, and leaves out what only matters for computing with 8 bits.
    static func applied(to tensors: [String: ImportedTensor]) throws -> [String: ImportedTensor] {
        var result: [String: ImportedTensor] = [:]
        var scales: [(weight: String, scale: ImportedTensor)] = []
        for (key, tensor) in tensors {
            let parts = key.split(separator: ".", omittingEmptySubsequences: false)
            let module = parts.dropLast().joined(separator: ".")
            switch parts.last {
            case "scale_weight", "weight_scale": scales.append((module + ".weight", tensor))
            case "scale_input", "input_scale", "scaled_fp8": break
            case "comfy_quant": try checkFormat(tensor)
            default: result[key] = tensor
            }
        }
        for (key, scale) in scales {
            guard let weight = result[key] else {
                throw ImportError("\(scale.file): the scale \(scale.name) is there without its weight \(key)")
            }
            result[key] = try scaled(weight, by: scale)
        }
        return result
    }

    private static func scaled(_ weight: ImportedTensor, by scale: ImportedTensor) throws -> ImportedTensor {
        let count = scale.shape.reduce(1, *)
        guard count == 1 || count == weight.shape.first, scale.shape.count <= weight.shape.count else {
            throw scale.unexpectedShape("one number for the weight, or one for each of its rows,")
        }
        let ones = Array(repeating: 1, count: max(0, weight.shape.count - 1))
        return weight.changed(weight.shape, dtype: .float32) {
            try $0.to(.float32) * scale.read().to(.float32).reshape(weight.shape.isEmpty ? [] : [count] + ones)
        }
    }

    /// A weight's kind as JSON in bytes, of ComfyUI since the end of 2025.
    private static func checkFormat(_ tensor: ImportedTensor) throws {
        guard tensor.dtype == .uint8, tensor.shape.reduce(1, *) < 1 << 16 else { return }
        let data = Data(try tensor.read().array(of: UInt8.self))
        let format = (try? JSONSerialization.jsonObject(with: data) as? [String: Any])?["format"] as? String
        guard let format, !format.hasPrefix("float8") else { return }
        throw ImportError(
            "\(tensor.file): the weight beside \(tensor.name) is quantized as \(format), which is not read; take the model that it was made from"
        )
    }
}
