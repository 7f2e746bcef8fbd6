import Testing

@testable import Safetensors

/// Comparisons with files that Python's safetensors 0.8 wrote.
@Suite struct PythonParityTests {
    @Test func readsEveryDTypeOfThePythonFile() throws {
        let file = try SafetensorsFile(path: fixture("mixed.safetensors"))
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensors.count == StoredDType.allCases.count + 4)
        for dtype in StoredDType.allCases {
            let info = try #require(file.tensors["block.\(dtype.rawValue.lowercased())"])
            #expect(info.dtype == dtype)
            #expect(info.shape == [2, 3])
            #expect(info.elementCount == 6)
            #expect(info.isAligned)
        }
        #expect(try file.bytes(of: "block.i16") == (0..<6).flatMap { littleEndian(Int16($0)) })
        #expect(try file.bytes(of: "block.f64") == (0..<6).flatMap { littleEndian(Double($0).bitPattern) })
        #expect(try file.bytes(of: "block.bool") == [0, 1, 0, 0, 1, 0])
        #expect(try file.bytes(of: "a scalar") == littleEndian(Float(1.5).bitPattern))
        #expect(file.tensors["a scalar"]?.shape == [])
        #expect(file.tensors["empty"]?.shape == [0, 4])
        #expect(try file.bytes(of: "empty").isEmpty)
        #expect(try file.bytes(of: "größe/日本/😀") == littleEndian(Double(3).bitPattern))
        #expect(try file.bytes(of: "quote\"back\\slash\ttab\u{01}") == [1, 2])
    }

    @Test func writesTheSameBytesAsPython() throws {
        let folder = try TestFolder()
        for (name, metadata) in [("mixed", ["format": "pt"]), ("plain", [:]), ("torch_expected", [:])] {
            let original = fixture("\(name).safetensors")
            let entries = try SafetensorsFile(path: original).entries().shuffled()
            let copy = folder.file(name)
            try SafetensorsWriter.write(to: copy, metadata: metadata, entries: entries)
            #expect(try contents(of: copy) == contents(of: original), "\(name)")
        }
    }

    @Test func oneChangedByteIsSeen() throws {
        let folder = try TestFolder()
        let original = fixture("plain.safetensors")
        var bytes = try SafetensorsFile(path: original).bytes(of: "weight")
        bytes[5] ^= 1
        let entry = SafetensorsEntry(name: "weight", dtype: .f32, shape: [3, 4], bytes: bytes)
        try SafetensorsWriter.write(to: folder.file("x"), metadata: [:], entries: [entry])
        #expect(try contents(of: folder.file("x")) != contents(of: original))
    }
}
