import Files
import Foundation
import Testing

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4.
    @Test func publishedDigests() {
        #expect(
            SHA256.digest(of: "abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.digest(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func aFileIsTheSameAsItsBytes() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("sha256-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = (0..<(1 << 20) + 7).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try SHA256.digest(ofFile: path) == SHA256.digest(of: bytes))
        #expect(throws: FileReadError.self) { try SHA256.digest(ofFile: path + ".not") }
    }
}
