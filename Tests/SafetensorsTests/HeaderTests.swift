import Testing

@testable import Safetensors

/// What the reader of a single file accepts and refuses.
@Suite struct HeaderTests {
    private static let good = #""w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}"#

    private func error(_ bytes: [UInt8]) throws -> SafetensorsError? {
        let folder = try TestFolder()
        let path = try folder.write(bytes)
        return safetensorsError { _ = try SafetensorsFile(path: path) }
    }

    private func reason(header: String, data: [UInt8] = [1, 2]) throws -> String {
        try error(safetensorsBytes(header: header, data: data))?.description ?? "nothing was thrown"
    }

    @Test(arguments: [
        "{\(good)}", "{\(good)}   ", "{ \(good)\n,\t\"__metadata__\" : {} }",
        #"{"\u0077":{"data_offsets":[0,2],"shape":[2,1,1],"dtype":"BOOL"}}"#,
        #"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"e":{"dtype":"F32","shape":[0,7],"data_offsets":[2,2]}}"#,
        #"{"e":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"U16","shape":[],"data_offsets":[0,2]}}"#,
    ])
    func accepts(header: String) throws {
        let folder = try TestFolder()
        let path = try folder.write(safetensorsBytes(header: header, data: [1, 2]))
        #expect(try SafetensorsFile(path: path).bytes(of: "w") == [1, 2])
    }

    @Test func acceptsAFileWithoutTensors() throws {
        let folder = try TestFolder()
        #expect(try SafetensorsFile(path: folder.write(safetensorsBytes(header: "{}"))).tensors.isEmpty)
    }

    @Test(arguments: [
        (" {\(good)}", "start with '{'"), ("", "start with '{'"), ("[]", "start with '{'"),
        ("{\(good)}\n", "text after its end"), ("{\(good)}{}", "text after its end"), ("{\(good)", "no '}'"),
        ("{\(good),}", "no '\"'"), ("{\(good),\(good)}", #"the key "w" twice"#),
        (#"{"w":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, #"the key "dtype" twice"#),
        (#"{"__metadata__":{"a":"b","a":"c"},\#(good)}"#, #"the key "a" twice"#),
        (#"{"__metadata__":{"a":1},\#(good)}"#, "no '\"'"), (#"{"__metadata__":[],\#(good)}"#, "no '{'"),
        (#"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}"#, #"unknown key "x""#),
        (#"{"w":{"dtype":"U8","shape":[2]}}"#, "lacks dtype, shape or data_offsets"),
        (#"{"w":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}"#, "fraction or exponent"),
        (#"{"w":{"dtype":"U8","shape":[2e0],"data_offsets":[0,2]}}"#, "fraction or exponent"),
        (#"{"w":{"dtype":"U8","shape":[02],"data_offsets":[0,2]}}"#, "leading zero"),
        (#"{"w":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}"#, "no integer of 0 or more"),
        (#"{"w":{"dtype":"U8","shape":["2"],"data_offsets":[0,2]}}"#, "no integer of 0 or more"),
        (#"{"w":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,2]}}"#, "an integer above"),
        (#"{"w":{"dtype":"U16","shape":[4611686018427387904],"data_offsets":[0,2]}}"#, "size overflows"),
        (#"{"w":{"dtype":"U8","shape":[3037000500,3037000500],"data_offsets":[0,2]}}"#, "size overflows"),
        (#"{"w":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}"#, "has 2 bytes where U8 of shape [3] needs 3"),
        (#"{"w":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}"#, "not a begin and a later"),
        (#"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2,4]}}"#, "not a begin and a later"),
        (#"{"w":{"dtype":"U8","shape":[2],"data_offsets":[]}}"#, "not a begin and a later"),
        (#"{"w":{"dtype":"U8","shape":[2],"data_offsets":[9223372036854775805,9223372036854775807]}}"#, "overflows"),
        (#"{"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, "leaves a hole"),
        (#"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, "but its last tensor ends at"),
        (#"{"w":{"dtype":"F8_E8M0","shape":[2],"data_offsets":[0,2]}}"#, #"unsupported dtype "F8_E8M0""#),
        (#"{"w":{"dtype":"F8_E5M2FNUZ","shape":[2],"data_offsets":[0,2]}}"#, #"unsupported dtype "F8_E5M2FNUZ""#),
        (#"{"w":{"dtype":"u8","shape":[2],"data_offsets":[0,2]}}"#, #"unknown dtype "u8""#),
        (#"{"w\x":{}}"#, "unknown escape"), (#"{"\u12g4":{}}"#, "unknown escape"), (#"{"\ud800":{}}"#, "surrogate"),
        (#"{"\udc00\ud800":{}}"#, "surrogate"), (#"{"\ud800\u0041":{}}"#, "surrogate"), ("{\"a\nb\":{}}", "control"),
        ("{\"w", "without an end"), ("{\"\\", "without an end"), ("{\"\\u12", "without an end"),
    ])
    func refuses(header: String, expected: String) throws {
        let text = try reason(header: header)
        #expect(text.contains(expected), "\(text)")
        #expect(text.contains("test.safetensors"))
    }

    @Test func refusesOverlaps() throws {
        let second = #","v":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}"#
        #expect(try reason(header: "{\(Self.good)\(second)}").contains(#"tensor "v" overlaps"#))
        let same = #","v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}"#
        #expect(try reason(header: "{\(Self.good)\(same)}").contains("overlaps"))
    }

    @Test func refusesNamesThatADictionaryWouldMerge() throws {
        let empty = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        #expect(try reason(header: "{\"\u{E9}\":\(empty),\"e\u{301}\":\(empty)}", data: []).contains("twice"))
    }

    @Test func refusesInvalidUTF8() throws {
        let text = Array("{\"".utf8) + [0xC3, 0x28] + Array("\":{}}".utf8)
        #expect(try error(littleEndian(UInt64(text.count)) + text)?.description.contains("not UTF-8") == true)
    }

    @Test func namesBothSizesOfACutFile() throws {
        let whole = safetensorsBytes(header: "{\(Self.good)}", data: [1, 2])
        for count in whole.indices {
            let error = try #require(try error(Array(whole.prefix(count))))
            guard case .truncated(_, let expected, let actual) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(actual == count)
            #expect(expected == (count < 8 ? 8 : count < whole.count - 2 ? whole.count - 2 : whole.count))
        }
    }

    @Test func refusesHugeHeaders() throws {
        #expect(try error(safetensorsBytes(header: "{}", headerLength: .max))?.description.contains("announce") == true)
        let above = try error(safetensorsBytes(header: "{}", headerLength: 100_000_001))
        #expect(above?.description.contains("announce") == true)
        let within = try error(safetensorsBytes(header: "{}", headerLength: 100_000_000))
        #expect(within == .truncated(path: within?.path ?? "", expectedByteCount: 100_000_008, actualByteCount: 10))
    }

    @Test func namesTheTensorThatIsNotThere() throws {
        let file = try SafetensorsFile(path: fixture("plain.safetensors"))
        #expect(
            throws: SafetensorsError.unknownTensor(path: file.path, tensor: "bias", tensorCount: 1),
            performing: { try file.bytes(of: "bias") })
    }

    @Test func messagesEscapeTerminalCodesAndStayShort() throws {
        let name = "\\u001b[31m" + String(repeating: "x", count: 5000)
        let text = try reason(header: "{\"\(name)\":{\"dtype\":\"Q\",\"shape\":[],\"data_offsets\":[0,0]}}")
        #expect(!text.contains("\u{1B}"))
        #expect(text.count < 1000)
    }
}

extension SafetensorsError {
    /// The path that a cut file's error names.
    fileprivate var path: String? {
        if case .truncated(let path, _, _) = self { path } else { nil }
    }
}
