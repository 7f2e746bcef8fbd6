import Testing

@testable import Safetensors

/// `.pt` files that torch 2.13 wrote, and ones that the tests put together.
@Suite struct TorchTensorFileTests {
    private static let names = [
        "bool", "u8", "i8", "i16", "f16", "bf16", "i32", "f32", "f64", "i64", "transposed", "sliced", "permuted",
        "scalar", "empty", "parameter",
    ]

    private func read(_ file: TestTorchFile) throws -> (dtype: StoredDType, shape: [Int], bytes: [UInt8]) {
        let folder = try TestFolder()
        return try TorchTensorFile.read(path: folder.write(file.bytes, to: "a.pt"))
    }

    private func message(_ file: TestTorchFile) -> String {
        safetensorsError { _ = try read(file) }?.description ?? "nothing was thrown"
    }

    private func floats(_ values: [Int]) -> [UInt8] {
        values.flatMap { littleEndian(Float($0).bitPattern) }
    }

    @Test(arguments: names) func readsWhatTorchWrote(name: String) throws {
        let expected = try SafetensorsFile(path: fixture("torch_expected.safetensors"))
        let tensor = try TorchTensorFile.read(path: fixture("torch/\(name).pt"))
        #expect(tensor.dtype == expected.tensors[name]?.dtype)
        #expect(tensor.shape == expected.tensors[name]?.shape)
        #expect(try tensor.bytes == expected.bytes(of: name))
    }

    @Test(arguments: [
        ("dict", "holds a dict where one tensor"), ("state_dict", "holds a dict"), ("list", "holds a list"),
        ("expanded", "expanded view"), ("unsigned16", #""torch._utils _rebuild_tensor_v3""#),
        ("compressed", "compressed"), ("legacy", "not a zip file"),
    ])
    func refusesOtherTorchFiles(name: String, expected: String) {
        let path = fixture("torch/refused_\(name).pt")
        let text = safetensorsError { _ = try TorchTensorFile.read(path: path) }?.description ?? "nothing was thrown"
        #expect(text.contains(expected), "\(text)")
        #expect(text.contains("refused_\(name).pt"))
    }

    @Test func readsPutTogetherFiles() throws {
        let all = floats([0, 1, 2, 3, 4, 5])
        #expect(try read(TestTorchFile()) == (.f32, [2, 3], all))
        #expect(try read(TestTorchFile(byteOrder: nil)) == (.f32, [2, 3], all))
        #expect(try read(TestTorchFile(isWide: true)) == (.f32, [2, 3], all))
        let view = try read(TestTorchFile(offset: 1, shape: [2, 2], strides: [1, 2]))
        #expect(view == (.f32, [2, 2], floats([1, 3, 2, 4])))
        // torch leaves any stride on an axis of size 1.
        let single = try read(TestTorchFile(shape: [1, 2], strides: [.max, 2]))
        #expect(single == (.f32, [1, 2], floats([0, 2])))
    }

    @Test func refusesViewsBeyondTheStorage() {
        for file in [
            TestTorchFile(offset: 1), TestTorchFile(offset: -1), TestTorchFile(strides: [4, 1]),
            TestTorchFile(strides: [-3, 1]), TestTorchFile(strides: [.max, .max]), TestTorchFile(shape: [6, 1, 1]),
            TestTorchFile(offset: .max, shape: [], strides: []),
        ] {
            #expect(message(file).contains("its tensor"), "\(message(file))")
        }
        #expect(message(TestTorchFile(shape: [1 << 40], strides: [0])).contains("expanded view"))
        #expect(message(TestTorchFile(shape: [.max, .max], strides: [0, 0])).contains("its tensor has the shape"))
        #expect(message(TestTorchFile(storageCount: 7)).contains("has 24 bytes where 7 elements"))
        #expect(message(TestTorchFile(storageCount: .max)).contains("has 24 bytes where"))
        #expect(message(TestTorchFile(storageCount: -1)).contains("has 24 bytes where"))
    }

    @Test func refusesBigEndian() {
        #expect(message(TestTorchFile(byteOrder: "big")).contains(#"byte order is "big""#))
    }

    @Test(arguments: [
        ("cos\nsystem\n(X\u{4}\0\0\0true\u{85}R.", #""os system""#),
        ("cposix\nsystem\n.", #""posix system""#),
        ("ctorch\nload\n.", #""torch load""#),
        ("cbuiltins\neval\n.", #""builtins eval""#),
        ("(ios\nsystem\n.", "the instruction inst"),
        ("X\u{2}\0\0\0os\u{8C}\u{6}system\u{93}.", "the instruction shortBinUnicode"),
        ("ctorch\nFloatStorage\n)R.", "calls a storage type"),
        ("ccollections\nOrderedDict\n)R.", "holds an OrderedDict"),
        (").", "holds a tuple"), ("K\u{1}.", "holds an integer"), ("N.", "holds None"), ("l.", "the instruction list"),
        ("}s.", "empty stack"), ("](K\u{1}K\u{1}u.", "is no dict"),
        ("}(K\u{1}u.", "is no dict"), ("}K\u{1}a.", "is no list"), ("]}b.", "a list attributes"),
        ("K\u{1}}b.", "attributes to what has none"), ("ccollections\nOrderedDict\n)\u{81}.", "no known class"),
        ("ccollections\nOrderedDict\n]\u{85}R.", "made of a list"), ("ctorch\nSize\n)R.", "size that is no tuple"),
        ("ctorch._tensor\n_rebuild_from_type_v2\n(h\u{0}tR.", "did not keep"),
        (
            "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nctorch\nTensor\n)}tR.",
            "unknown type"
        ),
        ("cdeepspeedx\nA\n.", #""deepspeedx A""#),
        ("", "is cut off"), (".", "empty stack"), ("(.", "empty stack"), ("R.", "empty stack"), ("t.", "did not begin"),
        ("h\u{1}.", "did not keep"), ("X\u{FF}\u{FF}\u{FF}\u{FF}.", "is cut off"), ("c", "is cut off"),
        ("\u{FF}", "unknown instruction 255"), ("\u{80}\u{4}.", "protocol is 4"), ("K\u{1}K\u{1}.", "after its end"),
        ("K\u{1}.K", "after its end"), ("\u{8A}\u{9}\0\0\0\0\0\0\0\0\0.", "more than 64 bits"),
    ])
    func refusesOtherPickles(pickle: String, expected: String) {
        // One scalar stands for one byte.
        let text = message(TestTorchFile(pickle: pickle.unicodeScalars.map { UInt8($0.value) }))
        #expect(text.contains(expected), "\(text)")
    }

    @Test func refusesDepthThatWouldOverflowTheStack() {
        let text = message(TestTorchFile(pickle: [0x29] + [UInt8](repeating: 0x85, count: 200_000) + [0x2E]))
        #expect(text.contains("too deeply"), "\(text)")
    }

    @Test func refusedFilesSayHowToConvert() {
        let text = message(TestTorchFile(pickle: Array("cos\nsystem\n.".utf8)))
        #expect(text.contains("torch.load(path, weights_only=True)") && text.contains("save_file"))
    }

    @Test func readsIntegersAsPythonDoes() throws {
        for (digits, value) in [([], 0), ([0xFF], -1), ([0x80, 0], 128), ([0, 0x80], -32768)] as [([UInt8], Int)] {
            var file = TestTorchFile(shape: [], strides: [])
            let plain = TestTorchFile.integer(file.offset)
            let pickle = file.tensorPickle
            let position = try #require(pickle.indices.last { pickle[$0...].starts(with: plain) })
            file.pickle = pickle[..<position] + [0x8A, UInt8(digits.count)] + digits + pickle[(position + 10)...]
            let text = message(file)
            #expect(text.contains(value == 0 ? "nothing" : value < 0 ? "offset \(value)" : "beyond"), "\(text)")
        }
    }
}
