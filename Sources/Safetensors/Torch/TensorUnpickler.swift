/// Reads the pickle of one tensor, as `torch.save` writes it (protocol 2), without running anything.
///
/// A pickle is a program that may import and call any Python function. Here only the instructions and names on a white
/// list are known, in the spirit of `torch/_weights_only_unpickler.py`; anything else is refused by name.
struct TensorUnpickler {
    private static let tupleDepthLimit = 8

    private let bytes: [UInt8]
    private let path: String
    private var position = 0
    private var stack: [PickleValue] = []
    /// Stack heights at the MARK instructions that are still open.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    /// How the tensor of a pickle views its storage.
    ///
    /// Throws `refusedTorchFile` for anything but one plain tensor, `malformed` for a damaged pickle; both name `path`.
    static func layout(of bytes: [UInt8], path: String) throws -> TorchTensorLayout {
        var unpickler = TensorUnpickler(bytes: bytes, path: path)
        return try unpickler.run()
    }

    private init(bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    private mutating func run() throws -> TorchTensorLayout {
        while true {
            let byte = try readByte()
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw malformed("has the unknown instruction \(byte)")
            }
            if opcode == .stop { break }
            try execute(opcode)
        }
        let result = try pop()
        guard stack.isEmpty, marks.isEmpty, position == bytes.count else { throw malformed("goes on after its end") }
        guard case .tensor(let layout) = result else {
            throw refused("it holds \(result.kind) where one tensor was expected")
        }
        return layout
    }

    private mutating func execute(_ opcode: PickleOpcode) throws {
        switch opcode {
        case .proto:
            let version = try readByte()
            guard version == 2 else { throw refused("its pickle protocol is \(version), and only 2 is read") }
        case .mark: marks.append(stack.count)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .binInt1: stack.append(.integer(Int(try readByte())))
        case .binInt2: stack.append(.integer(try readInteger(byteCount: 2)))
        case .binInt: stack.append(.integer(Int(Int32(truncatingIfNeeded: try readInteger(byteCount: 4)))))
        case .long1: stack.append(.integer(try readLong()))
        case .binUnicode: stack.append(.string(try readString(byteCount: try readInteger(byteCount: 4))))
        case .binPut: memo[Int(try readByte())] = try top()
        case .longBinPut: memo[try readInteger(byteCount: 4)] = try top()
        case .binGet: stack.append(try recall(Int(try readByte())))
        case .longBinGet: stack.append(try recall(try readInteger(byteCount: 4)))
        case .emptyTuple: try pushTuple([])
        case .tuple1: try pushTuple(try pop(count: 1))
        case .tuple2: try pushTuple(try pop(count: 2))
        case .tuple3: try pushTuple(try pop(count: 3))
        case .tuple: try pushTuple(try popToMark())
        case .global: stack.append(.global(try readGlobal()))
        case .binPersID: stack.append(.storage(try storage(try pop())))
        case .reduce:
            let arguments = try pop()
            stack.append(try call(try pop(), with: arguments))
        case .emptyDict, .dict, .setItem, .setItems: throw refused("it holds a dict where one tensor was expected")
        case .emptyList, .list, .append, .appends: throw refused("it holds a list where one tensor was expected")
        default:
            throw refused("its pickle uses the instruction \(opcode), which a file of one tensor does not need")
        }
    }

    // MARK: - Calls

    /// The result of one of the three allowed calls.
    private func call(_ function: PickleValue, with arguments: PickleValue) throws -> PickleValue {
        guard case .global(let global) = function, case .tuple(let values, _) = arguments else {
            throw malformed("calls \(function.kind)")
        }
        switch global {
        case .orderedDict:
            guard values.isEmpty else { throw refused("it holds an OrderedDict where one tensor was expected") }
            return .orderedDict
        case .rebuildTensor: return .tensor(try rebuildTensor(values))
        case .rebuildParameter:
            // (data, requires_grad, backward_hooks)
            guard values.count == 3, case .tensor = values[0], case .bool = values[1], case .orderedDict = values[2]
            else { throw malformed("has a parameter with unknown arguments") }
            return values[0]
        case .storageType: throw malformed("calls a storage type")
        }
    }

    /// `_rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks)`. A seventh argument
    /// marks a view that conjugates or negates its storage, so that the bytes alone would be wrong.
    private func rebuildTensor(_ arguments: [PickleValue]) throws -> TorchTensorLayout {
        guard arguments.count == 6, case .storage(let storage) = arguments[0],
            case .integer(let offset) = arguments[1], let shape = integers(arguments[2]),
            let strides = integers(arguments[3]), case .bool = arguments[4], case .orderedDict = arguments[5]
        else { throw malformed("has a tensor with unknown arguments") }
        return TorchTensorLayout(storage: storage, offset: offset, shape: shape, strides: strides)
    }

    /// `("storage", type, key, device, element count)`. The device does not matter to bytes in a file.
    private func storage(_ identifier: PickleValue) throws -> TorchStorage {
        guard case .tuple(let values, _) = identifier, values.count == 5, case .string("storage") = values[0],
            case .global(.storageType(let dtype)) = values[1], case .string(let key) = values[2],
            case .string = values[3], case .integer(let elementCount) = values[4]
        else { throw malformed("has a storage with an unknown description") }
        return TorchStorage(key: key, dtype: dtype, elementCount: elementCount)
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let values, _) = value else { return nil }
        let integers = values.compactMap { if case .integer(let integer) = $0 { integer } else { nil } }
        return integers.count == values.count ? integers : nil
    }

    // MARK: - Stack

    private func top() throws -> PickleValue {
        guard let value = stack.last else { throw malformed("uses an empty stack") }
        return value
    }

    private mutating func pop() throws -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw malformed("uses an empty stack") }
        return value
    }

    /// The uppermost values in the order in which they were pushed.
    private mutating func pop(count: Int) throws -> [PickleValue] {
        try (0..<count).map { _ in try pop() }.reversed()
    }

    private mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw malformed("ends a tuple that it did not begin") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func pushTuple(_ values: [PickleValue]) throws {
        let inner = values.map { if case .tuple(_, let depth) = $0 { depth } else { 0 } }.max() ?? 0
        guard inner < Self.tupleDepthLimit else { throw malformed("nests tuples too deeply") }
        stack.append(.tuple(values, depth: inner + 1))
    }

    private func recall(_ key: Int) throws -> PickleValue {
        guard let value = memo[key] else { throw malformed("recalls a value that it did not keep") }
        return value
    }

    // MARK: - Bytes

    private mutating func readByte() throws -> UInt8 {
        guard position < bytes.count else { throw malformed("is cut off") }
        position += 1
        return bytes[position - 1]
    }

    private mutating func readBytes(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw malformed("is cut off") }
        position += count
        return bytes[position - count..<position]
    }

    /// An unsigned little-endian integer of at most 7 bytes.
    private mutating func readInteger(byteCount: Int) throws -> Int {
        try readBytes(byteCount).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// A signed little-endian integer that states its own length.
    private mutating func readLong() throws -> Int {
        let digits = try readBytes(Int(try readByte()))
        guard digits.count <= 8 else { throw malformed("has an integer of more than 64 bits") }
        let start = digits.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
        return digits.reversed().reduce(start) { $0 << 8 | Int($1) }
    }

    private mutating func readString(byteCount: Int) throws -> String {
        guard let string = String(validUTF8: try readBytes(byteCount)) else {
            throw malformed("has text that is not UTF-8")
        }
        return string
    }

    private mutating func readGlobal() throws -> PickleGlobal {
        let module = try readLine()
        let name = try readLine()
        guard let global = PickleGlobal(module: module, name: name) else {
            throw refused(
                "its pickle asks for \("\(module) \(name)".quoted), which is not on the short list of names that a plain "
                    + "tensor needs and could run code")
        }
        return global
    }

    private mutating func readLine() throws -> String {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { throw malformed("is cut off") }
        let line = try readString(byteCount: end - position)
        position += 1
        return line
    }

    private func malformed(_ reason: String) -> SafetensorsError {
        .malformed(path: path, reason: "its pickle \(reason)")
    }

    private func refused(_ reason: String) -> SafetensorsError {
        .refusedTorchFile(path: path, reason: reason)
    }
}
