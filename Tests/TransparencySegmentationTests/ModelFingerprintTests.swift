import Foundation
import StableDiffusion3
import TestSupport
import Testing

@testable import TransparencySegmentation

@Suite struct ModelFingerprintTests {
    /// Other weights of the same size and date are another model; the same ones elsewhere are the same content.
    @Test func tellsContentsApart() throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            let model = try ModelFolder(path)
            let (fingerprint, content) = (model.fingerprint(), model.contentHash())
            #expect(model.fingerprint() == fingerprint)
            #expect(try ModelFolder("\(goldens)/tiny-0").contentHash() == content)

            let file = "\(path)/vae/diffusion_pytorch_model.safetensors"
            let date = try FileManager.default.attributesOfItem(atPath: file)[.modificationDate]
            var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            for index in bytes.indices.suffix(bytes.count / 2) { bytes[index] ^= 1 }
            try bytes.write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.modificationDate: #require(date)], ofItemAtPath: file)
            #expect(model.fingerprint() != fingerprint && model.contentHash() != content)
        }
    }
}
