import Testing

@testable import Safetensors

/// Damaged input must throw a `SafetensorsError` or succeed, but never end the process. Seeded, so that a failure comes
/// again; a crash shows as a test run that does not finish.
@Suite struct FuzzTests {
    /// One to four flips, cuts, insertions, and copies of a part to elsewhere.
    private func mutated(_ original: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        // Bytes that mean something in JSON, zip or pickle lead further in than random ones.
        let telling: [UInt8] = Array("{}[]\",:0129-.eut(Rhqc\n\\ ".utf8) + [0, 1, 0x7F, 0x80, 0x85, 0x8A, 0xFF]
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            let end = min(bytes.count, position + Int.random(in: 0...8, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[position] = telling.randomElement(using: &generator) ?? 0
            case 2: bytes.removeSubrange(position..<end)
            case 3: bytes.insert(telling.randomElement(using: &generator) ?? 0, at: position)
            case 4: bytes.insert(contentsOf: bytes[position..<end], at: Int.random(in: 0...position, using: &generator))
            default: bytes.replaceSubrange(position..<end, with: repeatElement(0xFF, count: end - position))
            }
        }
        return bytes
    }

    /// Runs `body` on mutations; counts successes, which shows that not all die at the first check.
    private func fuzz(
        _ original: [UInt8], count: Int, seed: UInt64, _ body: ([UInt8]) throws -> Void
    ) -> (succeeded: Int, refused: Int) {
        var generator = SeededGenerator(state: seed)
        var result = (succeeded: 0, refused: 0)
        for index in 0..<count {
            do {
                try body(mutated(original, &generator))
                result.succeeded += 1
            } catch is SafetensorsError {
                result.refused += 1
            } catch {
                Issue.record("case \(index) threw \(error)")
            }
        }
        return result
    }

    @Test func headers() throws {
        let folder = try TestFolder()
        let original = try contents(of: fixture("mixed.safetensors"))
        let headerByteCount = Int(original[0]) | Int(original[1]) << 8
        let header = Array(original[8..<8 + headerByteCount])
        let data = Array(original[(8 + headerByteCount)...])
        // The length is kept right, so that the JSON is reached; the test below damages it too.
        let result = fuzz(header, count: 1500, seed: 1) { header in
            let path = try folder.write(littleEndian(UInt64(header.count)) + header + data)
            let file = try SafetensorsFile(path: path)
            for name in file.tensors.keys { _ = try file.bytes(of: name) }
        }
        #expect(result.succeeded > 0 && result.refused > 1000, "\(result)")
    }

    @Test func wholeSafetensorsFiles() throws {
        let folder = try TestFolder()
        let result = fuzz(try contents(of: fixture("plain.safetensors")), count: 800, seed: 2) { bytes in
            _ = try SafetensorsFile(path: folder.write(bytes)).bytes(of: "weight")
        }
        #expect(result.succeeded > 0 && result.refused > 500, "\(result)")
    }

    @Test func indices() throws {
        let folder = try TestFolder()
        let result = fuzz(try contents(of: fixture("sharded/model.safetensors.index.json")), count: 600, seed: 3) {
            _ = try SafetensorsIndex(path: folder.write($0, to: "i.json"))
        }
        #expect(result.succeeded > 0 && result.refused > 300, "\(result)")
    }

    @Test(arguments: ["torch/transposed.pt", "torch/parameter.pt", "torch/refused_compressed.pt"])
    func zips(name: String) throws {
        let folder = try TestFolder()
        let result = fuzz(try contents(of: fixture(name)), count: 300, seed: 4) {
            _ = try TorchTensorFile.read(path: folder.write($0, to: "a.pt"))
        }
        #expect(result.refused > 100, "\(result)")
    }

    @Test func wideZips() throws {
        let folder = try TestFolder()
        let result = fuzz(TestTorchFile(isWide: true).bytes, count: 500, seed: 5) {
            _ = try TorchTensorFile.read(path: folder.write($0, to: "a.pt"))
        }
        #expect(result.refused > 100, "\(result)")
    }

    @Test func picklesWithRightChecksums() throws {
        let storage = TestTorchFile().storage
        let view = TestTorchFile(offset: 1, shape: [2, 2], strides: [1, 2]).tensorPickle
        let archive = try ZipArchive(MappedFile(path: fixture("torch/parameter.pt")))
        let parameter = try #require(try archive.contents(of: "parameter/data.pkl"))
        for (seed, pickle) in [view, parameter].enumerated() {
            let result = fuzz(pickle, count: 3000, seed: UInt64(seed)) { pickle in
                guard case .tensor(let layout) = try Unpickler.content(of: pickle, path: "a.pt").root else { return }
                _ = try storage.withUnsafeBytes { try layout.gather(from: $0, path: "a.pt") }
            }
            #expect(result.refused > 1000, "\(result)")
        }
    }
}
