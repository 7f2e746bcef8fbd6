/// The element types that this library stores and reads, spelled as safetensors headers spell them.
///
/// The cases stand in the order of the `Dtype` enumeration of the Rust reference (safetensors 0.8, `tensor.rs`), because
/// writers lay tensors out by that order. Types that the format knows but libtorch code here has no use for, such as
/// `F8_E8M0`, are refused by name when a file is read.
package enum StoredDType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case u8 = "U8"
    case i8 = "I8"
    case f8e5m2 = "F8_E5M2"
    case f8e4m3 = "F8_E4M3"
    case i16 = "I16"
    case u16 = "U16"
    case f16 = "F16"
    case bf16 = "BF16"
    case i32 = "I32"
    case u32 = "U32"
    case f32 = "F32"
    case f64 = "F64"
    case i64 = "I64"
    case u64 = "U64"

    /// The bytes of one element.
    package var byteCount: Int {
        switch self {
        case .bool, .u8, .i8, .f8e5m2, .f8e4m3: 1
        case .i16, .u16, .f16, .bf16: 2
        case .i32, .u32, .f32: 4
        case .f64, .i64, .u64: 8
        }
    }

    /// The bytes of a contiguous tensor of this type, or nil if a size is negative or the product does not fit in `Int`.
    package func byteCount(ofShape shape: [Int]) -> Int? {
        var total = byteCount
        for size in shape {
            let (product, overflow) = total.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow else { return nil }
            total = product
        }
        return total
    }

    /// Names that the format defines and this library refuses: sub-byte, scales of 8 bits and complex elements.
    static let refusedNames: Set<String> = [
        "F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "C64",
    ]

    /// The place in the reference's order; writers put the largest first, so that wide elements stay aligned.
    var layoutRank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
