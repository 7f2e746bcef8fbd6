/// The Python names that a file of torch.save may mention. They are only looked up here; nothing is imported.
enum PickleGlobal: Equatable {
    case rebuildTensor
    case rebuildParameter
    /// Of a tensor that has attributes.
    case rebuildFromType
    case tensorType
    case orderedDict
    case size
    case storageType(StoredDType)
    /// An enumeration whose members are their numbers.
    case enumeration
    /// A class whose instances checkpoints hold beside their tensors.
    case passedOver

    private static let storageTypes: [String: StoredDType] = [
        "FloatStorage": .f32, "BFloat16Storage": .bf16, "HalfStorage": .f16, "DoubleStorage": .f64,
        "LongStorage": .i64, "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8,
        "BoolStorage": .bool,
    ]

    /// Settings and counters of trainers: what they are does not matter for weights.
    private static let passedOverNames: Set<String> = [
        "__builtin__ set", "_codecs encode", "argparse Namespace", "numpy dtype", "numpy.core.multiarray scalar",
        "numpy._core.multiarray scalar", "torch device",
    ]

    /// The allowed global of that name, or nil.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildFromType
        case ("torch", "Tensor"), ("torch.nn.parameter", "Parameter"): self = .tensorType
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("torch", "Size"): self = .size
        case ("deepspeed.runtime.zero.config", "ZeroStageEnum"): self = .enumeration
        case ("torch", _) where Self.storageTypes[name] != nil:
            self = .storageType(Self.storageTypes[name] ?? .u8)
        case ("torch", _) where Self.dtypes.contains(name): self = .passedOver
        default:
            guard Self.passedOverNames.contains("\(module) \(name)") || module.hasPrefix("deepspeed.") else {
                return nil
            }
            self = .passedOver
        }
    }

    private static let dtypes: Set<String> = [
        "float32", "float16", "bfloat16", "float64", "int64", "int32", "int16", "int8", "uint8", "bool",
    ]
}
