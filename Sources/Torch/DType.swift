import CTorch

/// The type of a tensor's elements.
public enum DType: String, Sendable, CaseIterable, CustomStringConvertible {
    case float32, float16, bfloat16, float64, int32, int64, uint8, int8, bool

    public var description: String { rawValue }

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16: 2
        case .uint8, .int8, .bool: 1
        }
    }

    var raw: ct_dtype {
        switch self {
        case .float32: CT_FLOAT32
        case .float16: CT_FLOAT16
        case .bfloat16: CT_BFLOAT16
        case .float64: CT_FLOAT64
        case .int32: CT_INT32
        case .int64: CT_INT64
        case .uint8: CT_UINT8
        case .int8: CT_INT8
        case .bool: CT_BOOL
        }
    }

    init?(raw: Int32) {
        guard let match = DType.allCases.first(where: { Int32($0.raw.rawValue) == raw }) else { return nil }
        self = match
    }
}

/// A Swift type that a tensor's elements can be read into and made from.
public protocol TensorElement: BitwiseCopyable, Sendable {
    /// The tensor's dtype of the same layout.
    static var dtype: DType { get }
}

extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension Bool: TensorElement { public static var dtype: DType { .bool } }
