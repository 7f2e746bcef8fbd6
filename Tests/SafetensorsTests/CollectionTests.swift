import Testing

@testable import Safetensors

@Suite struct CollectionTests {
    private let first = "model-00001-of-00002.safetensors"
    private let second = "model-00002-of-00002.safetensors"

    /// Opens an index of the given text beside copies of the shards of the fixture.
    private func open(index: String, in folder: TestFolder) throws {
        for name in [first, second] { try folder.write(contents(of: fixture("sharded/\(name)")), to: name) }
        let path = try folder.write(Array(index.utf8), to: "model.safetensors.index.json")
        _ = try SafetensorsCollection(path: path)
    }

    private func message(index: String) throws -> String {
        let folder = try TestFolder()
        return safetensorsError { try open(index: index, in: folder) }?.description ?? "nothing was thrown"
    }

    @Test func opensPythonsShards() throws {
        let path = fixture("sharded/model.safetensors.index.json")
        #expect(try SafetensorsIndex(path: path).totalSize == 28)
        let collection = try SafetensorsCollection(path: path)
        #expect(collection.files.map(\.path) == [first, second].map { fixture("sharded/\($0)") })
        #expect(collection.metadata == ["format": "pt"])
        #expect(Set(collection.tensors.keys) == ["a.weight", "a.bias", "b.weight"])
        #expect(collection.tensors["a.weight"]?.dtype == .f16)
        let file = try #require(collection.file(of: "b.weight"))
        #expect(file.path.hasSuffix(second))
        #expect(try file.bytes(of: "b.weight") == (0..<4).flatMap { littleEndian(Float($0).bitPattern) })
        #expect(collection.file(of: "c") == nil)
    }

    @Test func opensOneFile() throws {
        let collection = try SafetensorsCollection(path: fixture("plain.safetensors"))
        #expect(collection.files.count == 1)
        #expect(collection.metadata.isEmpty)
        #expect(collection.tensors.keys.elementsEqual(["weight"]))
        #expect(collection.file(of: "weight") === collection.files[0])
    }

    @Test func namesMissingTensors() throws {
        let text = try message(
            index: #"{"weight_map":{"a.weight":"\#(first)","gone":"\#(first)","b.weight":"\#(second)"}}"#)
        #expect(text.contains(#"lacks "gone"; fetch the index"#), "\(text)")
        #expect(text.contains(first))
    }

    @Test func theIndexDecidesWhatOfAShardIsRead() throws {
        let folder = try TestFolder()
        let one = SafetensorsEntry(name: "a", dtype: .u8, shape: [1], bytes: [1])
        let (stale, right) = (
            SafetensorsEntry(name: "b", dtype: .u8, shape: [1], bytes: [2]),
            SafetensorsEntry(name: "b", dtype: .u8, shape: [1], bytes: [3])
        )
        try SafetensorsWriter.write(to: folder.file("1"), entries: [one, stale])
        try SafetensorsWriter.write(to: folder.file("2"), entries: [right])
        let index = try folder.write(Array(#"{"weight_map":{"a":"1","b":"2"}}"#.utf8), to: "i.json")
        let collection = try SafetensorsCollection(path: index)
        #expect(collection.tensors.keys.sorted() == ["a", "b"])
        #expect(try collection.file(of: "b")?.bytes(of: "b") == [3])
    }

    @Test(arguments: [
        (["_orig_mod.a.w", "_orig_mod.b"], ["a.w", "b"]), (["module._orig_mod.a", "module._orig_mod.b"], ["a", "b"]),
        (["blocks.0._orig_mod.a", "b"], ["b", "blocks.0.a"]), (["model.a", "model.b"], ["a", "b"]),
        // Where not all have it, it is a name of the model's own.
        (["module.a", "b"], ["b", "module.a"]),
        (["transformer.a", "transformer_blocks.0"], ["transformer.a", "transformer_blocks.0"]),
        (["model.", "model.a"], ["model.", "model.a"]),
        (["_fsdp_wrapped_module.a._checkpoint_wrapped_module.b"], ["a.b"]), (["_orig_mod"], ["_orig_mod"]),
        (["x_orig_mod.a"], ["x_orig_mod.a"]),
    ])
    func takesOffWhatWrappersPutBeforeKeys(stored: [String], read: [String]) throws {
        let folder = try TestFolder()
        try SafetensorsWriter.write(
            to: folder.file("f"),
            entries: stored.enumerated().map { .init(name: $1, dtype: .u8, shape: [1], bytes: [UInt8($0)]) })
        let collection = try SafetensorsCollection(path: folder.file("f")).unwrapped()
        #expect(collection.tensors.keys.sorted() == read)
        #expect(collection.file(of: read[0]) != nil)
    }

    @Test func refusesTwoNamesOfOneWeight() throws {
        let folder = try TestFolder()
        try SafetensorsWriter.write(
            to: folder.file("f"),
            entries: ["a", "_orig_mod.a"].map { .init(name: $0, dtype: .u8, shape: [1], bytes: [0]) })
        #expect(throws: SafetensorsError.self) { try SafetensorsCollection(path: folder.file("f")).unwrapped() }
    }

    @Test func namesAMissingShard() throws {
        let text = try message(index: #"{"weight_map":{"x":"absent.safetensors"}}"#)
        #expect(text.contains("cannot open") && text.contains("absent.safetensors"), "\(text)")
    }

    @Test(arguments: [
        "", ".", "..", "../model.safetensors", "/etc/passwd", "a/b.safetensors", "a..b", #"a\u0000b"#, #"..\/a"#,
    ])
    func refusesFileNamesThatLeadElsewhere(name: String) throws {
        #expect(try message(index: #"{"weight_map":{"x":"\#(name)"}}"#).contains("not a plain file name"))
    }

    @Test(arguments: [
        ("", "no '{'"), ("{}", "no weight_map"), (#"{"weight_map":{"x":1}}"#, "no '\"'"),
        (#"{"weight_map":{"x":"a","x":"b"}}"#, "twice"), (#"{"weight_map":{}} x"#, "text after its end"),
        (#"{"weight_map":{},"weight_map":{}}"#, "twice"), (#"{"x":}"#, "no value"),
    ])
    func refusesDamagedIndices(index: String, expected: String) throws {
        let text = try message(index: index)
        #expect(text.contains(expected), "\(text)")
    }

    @Test func refusesDepthThatWouldOverflowTheStack() throws {
        let text = try message(index: "{\"x\":" + String(repeating: "[", count: 200_000))
        #expect(text.contains("more than 16 levels"), "\(text)")
    }

    @Test func ignoresWhatItDoesNotNeed() throws {
        let folder = try TestFolder()
        let text =
            #"{"metadata":{"total_size":1.5e9,"x":[null,true,{"y":-1}]},"weight_map":{"a":"f"},"other":"z"}"# + "\n"
        let index = try SafetensorsIndex(path: folder.write(Array(text.utf8), to: "i.json"))
        #expect(index.totalSize == nil)
        #expect(index.weightMap == ["a": "f"])
        #expect(index.fileNames == ["f"])
    }
}
