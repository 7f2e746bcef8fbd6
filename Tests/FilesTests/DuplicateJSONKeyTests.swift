import Files
import Foundation
import Testing

@Suite struct DuplicateJSONKeyTests {
    @Test(arguments: [
        (#"{"a": 1, "b": 2, "a": 3}"#, "a"), (#"{"a": {"x": 1, "x": 1}}"#, "x"),
        (#"[{"k": 1}, {"k": 1, "k": 2}]"#, "k"),
        (#"{"a": 1, "\u0061": 2}"#, "a"), (#"{"a": {"b": 1}, "a": 2}"#, "a"), (#"{"a": [1, {"c": 2}], "a": 2}"#, "a"),
        (#"{"a": 1, "b": {"a": 2}, "c": ["a", "a"]}"#, nil), (#"{"a": "a\", \"a\": 1", "b": "a"}"#, nil),
        (#"{"a": {"b": 1}, "c": {"b": 1}}"#, nil), ("", nil), ("}}]", nil), (#"{"a": 1, "a"#, nil), (#""a", "a""#, nil),
    ])
    func finds(text: String, key: String?) throws {
        #expect(duplicateKey(inJSON: Data(text.utf8)) == key)
        #expect(duplicateKey(inJSON: try #require(text.data(using: .utf16))) == key)
    }
}
