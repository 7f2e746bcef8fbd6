import Foundation
package import Safetensors
package import Torch

/// A state dict and a position in it: layers take their tensors from it by name.
///
///     let block = weights["transformer_blocks"][3]
///     let weight = try block["attn.to_q"].tensor("weight", shape: [1536, 1536])
///
/// Tensors are read when asked for. Where dtype and device are those of the file, a tensor is the mapped file itself
/// and nothing is copied. Every key that was asked for is remembered: ``finish()`` refuses the keys that nobody read.
package struct Weights {
    /// The dtype that tensors are given in.
    package let dtype: DType
    /// The device that tensors are given on.
    package let device: Device
    /// The position: a key's beginning with its final dot, or nothing.
    package let prefix: String
    /// How linear layers and attention made from these weights compute.
    package let precision: Precision
    private let stateDict: StateDict

    /// The tensors of a file or of a sharded file, converted to `dtype` on `device` when they are asked for.
    package init(_ file: SafetensorsCollection, dtype: DType, device: Device = .cpu) {
        self.init(dtype: dtype, device: device, prefix: "", stateDict: StateDict(.file(file)))
    }

    /// Tensors in memory by their keys, converted to `dtype` on `device` when they are asked for.
    package init(_ tensors: [String: Tensor], dtype: DType, device: Device = .cpu) {
        self.init(dtype: dtype, device: device, prefix: "", stateDict: StateDict(.memory(tensors)))
    }

    /// Tensors in memory by their keys, each as it is whatever its dtype and device: for checking keys and shapes.
    package init(unconverted tensors: [String: Tensor]) {
        self.init(dtype: .float32, device: .cpu, prefix: "", stateDict: StateDict(.unconverted(tensors)))
    }

    /// Weights that are made when they are asked for, float32 on the CPU: a model from nothing.
    package init(_ fresh: FreshWeights) {
        self.init(dtype: .float32, device: .cpu, prefix: "", stateDict: StateDict(.fresh(fresh)))
    }

    private init(
        dtype: DType, device: Device, prefix: String, precision: Precision = .exact, stateDict: StateDict
    ) {
        (self.dtype, self.device, self.prefix) = (dtype, device, prefix)
        (self.precision, self.stateDict) = (precision, stateDict)
    }

    /// The position one or more components further: `weights["norm1.linear"]`.
    package subscript(name: String) -> Weights {
        Weights(
            dtype: dtype, device: device, prefix: prefix + name + ".", precision: precision,
            stateDict: stateDict)
    }

    /// The position of one element of a list.
    package subscript(index: Int) -> Weights { self[String(index)] }

    /// The same state dict at the same position with tensors in another dtype or on another device.
    package func converted(to dtype: DType, device: Device) -> Weights {
        Weights(
            dtype: dtype, device: device, prefix: prefix, precision: precision, stateDict: stateDict)
    }

    /// The same state dict at the same position for linear layers that compute otherwise.
    package func precision(_ precision: Precision) -> Weights {
        Weights(dtype: dtype, device: device, prefix: prefix, precision: precision, stateDict: stateDict)
    }

    /// Whether there is a tensor of this name at this position.
    package func contains(_ name: String) -> Bool { stateDict.shape(of: prefix + name) != nil }

    /// The shape of the tensor of this name; nil when there is none.
    package func shape(of name: String) -> [Int]? { stateDict.shape(of: prefix + name) }

    /// The tensor of this name. Throws ``WeightsError`` when there is none or it has another shape.
    package func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        let key = prefix + name
        if case .fresh(let fresh) = stateDict.source { return try fresh.tensor(key, shape: shape) }
        guard let found = stateDict.shape(of: key) else { throw stateDict.missing(key) }
        guard found == shape else {
            throw WeightsError.wrongShape(key: key, file: stateDict.name(of: key), found: found, expected: shape)
        }
        stateDict.read.insert(key)
        return try stateDict.tensor(key, dtype: dtype, device: device)
    }

    /// The tensor of this name; where there is none, what `make` works out.
    package func tensor(_ name: String, shape: [Int], orElse make: () throws -> Tensor) throws -> Tensor {
        if case .fresh = stateDict.source { return try tensor(name, shape: shape) }
        return try contains(name) ? tensor(name, shape: shape) : make().to(dtype, device: device)
    }

    /// Lets go of the memory that the mapped tensors at this position take until somebody reads them again.
    package func releasePages() {
        guard case .file(let file) = stateDict.source else { return }
        for (key, info) in file.tensors where key.hasPrefix(prefix) {
            file.file(of: key)?.mapping.evict(byteOffset: info.byteOffset, byteCount: info.byteCount)
        }
    }

    /// Marks a key as known although nobody needs it, such as a buffer that old versions of a library wrote.
    package func ignore(_ name: String) { stateDict.read.insert(prefix + name) }

    /// Marks all keys at this position as known although nobody needs them.
    package func ignoreAll() { stateDict.read.formUnion(stateDict.keys.filter { $0.hasPrefix(prefix) }) }

    /// Throws ``WeightsError/unexpected(keys:file:)`` when the state dict has keys that nobody asked for, and `SafetensorsError` when its files
    /// have changed while they were read.
    package func finish() throws {
        if case .file(let collection) = stateDict.source {
            for file in collection.files { try file.mapping.requireUnchanged() }
        }
        let unread = stateDict.keys.filter { !stateDict.read.contains($0) }
        guard unread.isEmpty else { throw WeightsError.unexpected(keys: unread.sorted(), file: stateDict.name) }
    }
}

/// What every position of one state dict shares.
private final class StateDict {
    enum Source {
        case file(SafetensorsCollection)
        case memory([String: Tensor])
        case unconverted([String: Tensor])
        case fresh(FreshWeights)
    }

    let source: Source
    var read: Set<String> = []

    init(_ source: Source) { self.source = source }

    var keys: [String] {
        switch source {
        case .file(let file): Array(file.tensors.keys)
        case .memory(let tensors), .unconverted(let tensors): Array(tensors.keys)
        // Whatever is there was asked for.
        case .fresh: []
        }
    }

    /// The file, or the folder of a sharded one.
    var name: String {
        guard case .file(let file) = source, let first = file.files.first?.path else { return "the weights" }
        return file.files.count == 1 ? first : (first as NSString).deletingLastPathComponent
    }

    /// Why there is no tensor of a key.
    func missing(_ key: String) -> WeightsError {
        let stored = keys.filter { $0.hasSuffix(".\(key)") }
        // More than one end so where they are keys of another part, such as those of several blocks.
        return stored.count == 1
            ? .prefixed(key: key, file: name, stored: stored[0]) : .missing(key: key, file: name)
    }

    /// The file that holds a key.
    func name(of key: String) -> String {
        guard case .file(let file) = source, let holder = file.file(of: key) else { return name }
        return holder.path
    }

    func shape(of key: String) -> [Int]? {
        switch source {
        case .file(let file): file.tensors[key]?.shape
        case .memory(let tensors), .unconverted(let tensors): tensors[key]?.shape
        case .fresh(let fresh): fresh.tensors[key]?.shape
        }
    }

    func tensor(_ key: String, dtype: DType, device: Device) throws -> Tensor {
        switch source {
        case .fresh(let fresh):
            guard let tensor = fresh.tensors[key] else { throw missing(key) }
            return tensor
        case .memory(let tensors):
            guard let tensor = tensors[key] else { throw missing(key) }
            return try tensor.to(dtype, device: device)
        case .unconverted(let tensors):
            guard let tensor = tensors[key] else { throw missing(key) }
            return tensor
        case .file(let collection):
            guard let file = collection.file(of: key), let info = collection.tensors[key] else {
                throw missing(key)
            }
            guard let stored = DType(stored: info.dtype), stored.isFloatingPoint else {
                throw WeightsError.notFloatingPoint(key: key, file: file.path, dtype: info.dtype.rawValue)
            }
            let tensor = try Tensor(mapping: info, of: file, dtype: stored).to(dtype, device: device)
            let isCopy = stored != dtype || device != .cpu
            if isCopy { file.mapping.evict(byteOffset: info.byteOffset, byteCount: info.byteCount) }
            return tensor
        }
    }
}

extension DType {
    /// The dtype of a stored tensor; nil for those that libtorch's part here does not have.
    package init?(stored: StoredDType) {
        switch stored {
        case .f32: self = .float32
        case .f16: self = .float16
        case .bf16: self = .bfloat16
        case .f64: self = .float64
        case .i32: self = .int32
        case .i64: self = .int64
        case .u8: self = .uint8
        case .i8: self = .int8
        case .bool: self = .bool
        default: return nil
        }
    }

    /// The same dtype as safetensors names it.
    package var stored: StoredDType {
        switch self {
        case .float32: .f32
        case .float16: .f16
        case .bfloat16: .bf16
        case .float64: .f64
        case .int32: .i32
        case .int64: .i64
        case .uint8: .u8
        case .int8: .i8
        case .bool: .bool
        }
    }

    /// Whether the dtype has fractions, and so gradients.
    package var isFloatingPoint: Bool {
        switch self {
        case .float32, .float16, .bfloat16, .float64: true
        case .int32, .int64, .uint8, .int8, .bool: false
        }
    }
}

extension Tensor {
    /// A tensor over a mapped file's own pages; a copy where the file does not align them.
    fileprivate init(mapping info: TensorInfo, of file: SafetensorsFile, dtype: DType) throws {
        let address = file.mapping.baseAddress + info.byteOffset
        if info.byteCount == 0 {
            self = try Tensor.empty(info.shape, dtype: dtype)
        } else if Int(bitPattern: address) % dtype.byteCount == 0 {
            try self.init(borrowing: address, shape: info.shape, dtype: dtype, owner: file)
        } else {
            try self.init(
                copying: UnsafeRawBufferPointer(start: address, count: info.byteCount), shape: info.shape,
                dtype: dtype)
        }
    }
}
