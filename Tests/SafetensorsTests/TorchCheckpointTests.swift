import Testing

@testable import Safetensors

/// Files of torch.save with several tensors.
@Suite struct TorchCheckpointTests {
    private let vector: [UInt8] = (0..<3).flatMap { littleEndian(Float($0).bitPattern) }

    private func checkpoint(pickle: [UInt8]) throws -> TorchCheckpoint {
        let folder = try TestFolder()
        return try TorchCheckpoint(path: folder.write(TestTorchFile(pickle: pickle).bytes, to: "a.pt"))
    }

    private func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

    @Test(arguments: ["dict", "state_dict"]) func readsDicts(name: String) throws {
        let root = try TorchCheckpoint(path: fixture("torch/refused_\(name).pt")).root
        #expect(root.kind == "a dict" && root.elements == nil && root.tensor == nil)
        #expect(root.items?.map(\.key) == ["weight"])
        let tensor = try #require(root["weight"]?.tensor)
        #expect(tensor.dtype == .f32 && tensor.shape == [3])
        #expect(try tensor.bytes() == vector)
        #expect(try tensor.bytes(of: 1..<3) == Array(vector[4...]))
        #expect(safetensorsError { _ = try tensor.bytes(of: 1..<4) } != nil)
    }

    @Test func readsLists() throws {
        let root = try TorchCheckpoint(path: fixture("torch/refused_list.pt")).root
        #expect(root.kind == "a list" && root.items == nil)
        #expect(try root.elements?.map { try $0.tensor?.bytes() } == [vector, vector])
    }

    /// In the order of the file; a key that comes again has its later value, as in Python.
    @Test func readsValues() throws {
        let root = try checkpoint(
            pickle: bytes("}(") + TestTorchFile.string("b") + bytes("K\u{7}") + TestTorchFile.string("a")
                + bytes("ctorch\nSize\n(K\u{2}K\u{3}t\u{85}R") + TestTorchFile.string("b") + bytes("K\u{9}K\u{1}Nu.")
        ).root
        #expect(root.items?.map(\.key) == ["b", "a"])
        #expect(root["b"]?.integer == 9)
        #expect(root["a"]?.elements?.map(\.integer) == [2, 3])
        #expect(root["c"] == nil)
    }

    /// What trainers put beside tensors is passed over; its numbers are kept.
    @Test func passesOverClassesOfDeepSpeed() throws {
        let root = try checkpoint(
            pickle: bytes("](cdeepspeed.runtime.zero.config\nZeroStageEnum\nK\u{2}\u{85}R")
                + bytes("cdeepspeed.runtime.fp16.loss_scaler\nLossScaler\n)\u{81}}b")
                + bytes("cdeepspeed.a\nB\n)R") + bytes("ctorch\nfloat32\nG?\u{F0}\0\0\0\0\0\0e.")
        ).root
        #expect(
            root.elements?.map(\.kind) == ["an integer", "an object", "an object", "a class or function", "a float"])
        #expect(root.elements?.first?.integer == 2)
    }

    /// Containers refer to themselves without any harm.
    @Test func endlessContainersEnd() throws {
        let root = try checkpoint(pickle: bytes("]q\u{1}h\u{1}a.")).root
        #expect(root.elements?.first?.elements?.first?.kind == "a list")
    }

    @Test func aDamagedStorageIsFoundWhenItIsRead() throws {
        let folder = try TestFolder()
        var bytes = TestTorchFile().bytes
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: TestTorchFile().storage) })
        bytes[place] ^= 1
        let checkpoint = try TorchCheckpoint(path: folder.write(bytes, to: "a.pt"))
        let text = safetensorsError { _ = try checkpoint.root.tensor?.bytes() }?.description ?? "nothing was thrown"
        #expect(text.contains("fails its CRC-32 checksum"))
    }
}
