import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import StableDiffusion3

@Suite struct TextEncoderTests {
    @Test(arguments: ["clip-l", "clip-g"])
    func isTransformers(kind: String) throws {
        let encoder = try ModelFolder(goldens).loadTextEncoder(kind)
        let expected = try readTensors("\(goldens)/\(kind)/expected.safetensors")
        let tokens = try expected.named("tokens").array(of: Int64.self).map(Int.init)
        let output = try encoder(tokens)
        try expectClose(
            output.penultimate, expected.named("penultimate"), within: Tolerance.rounding, "penultimate state")
        try expectClose(output.textEmbeds, expected.named("text_embeds"), within: Tolerance.rounding, "projection")
    }

    @Test func refusesTokensThatItDoesNotHave() throws {
        let encoder = try ModelFolder(goldens).loadTextEncoder("clip-l")
        #expect(throws: ModelError.self) { try encoder([64]) }
        #expect(throws: ModelError.self) { try encoder([]) }
        #expect(throws: ModelError.self) { try encoder(Array(repeating: 1, count: 11)) }
    }

    /// Puts the few embeddings of a fixture into CLIP's whole vocabulary.
    func makeEncoder(_ part: String, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
        let source = "\(goldens)/empty-prompt/\(part)"
        try FileManager.default.copyItem(atPath: "\(source)/config.json", toPath: "\(folder)/\(part)/config.json")
        var tensors = try readTensors("\(source)/reduced.safetensors")
        let rows = try tensors.named("rows_0_49406_49407")
        tensors["rows_0_49406_49407"] = nil
        let table = try Tensor.zeros([49408, rows.size(1)], dtype: rows.dtype)
        for (index, token) in [0, 49406, 49407].enumerated() {
            try table.narrow(0, start: token, length: 1).copyInPlace(rows.narrow(0, start: index, length: 1))
        }
        tensors["text_model.embeddings.token_embedding.weight"] = table
        try writeTensors(tensors, to: "\(folder)/\(part)/model.safetensors")
    }

    @Test func theEmptyPromptIsDiffusers() throws {
        try withTemporaryFolder { folder in
            try makeEncoder("text_encoder", in: folder)
            try makeEncoder("text_encoder_2", in: folder)
            let model = try ModelFolder(folder)
            let prompt = try EmptyPrompt.embeddings(
                clipL: model.loadTextEncoder("text_encoder"), clipG: model.loadTextEncoder("text_encoder_2"),
                width: 24)
            #expect(prompt.tokens.shape == [1, 154, 24])
            let expected = try readTensors("\(goldens)/empty-prompt/expected.safetensors")
            try expectClose(prompt.tokens, expected.named("prompt_embeds"), within: Tolerance.rounding, "tokens")
            try expectClose(
                prompt.pooled, expected.named("pooled_prompt_embeds"), within: Tolerance.rounding, "pooled")
        }
    }

    @Test func aModelWithoutEmbeddingsComputesAndKeepsThem() throws {
        try withTemporaryFolder { folder in
            let path = try copyModel("tiny-0", into: folder)
            let cache = "\(folder)/cache"
            try FileManager.default.removeItem(atPath: "\(path)/precomputed_prompt_embeddings")
            let model = try ModelFolder(path, environment: ["XDG_CACHE_HOME": cache])
            let error = #expect(throws: ModelError.self) { try model.loadEmptyPrompt() }
            #expect(error?.description.contains("text_encoder_2") == true)

            try makeEncoder("text_encoder", in: path)
            try makeEncoder("text_encoder_2", in: path)
            let computed = try model.loadEmptyPrompt()
            let kept = try FileManager.default.contentsOfDirectory(atPath: "\(cache)/transeg")
            #expect(kept.count == 1)
            let again = try model.loadEmptyPrompt()
            #expect(try computed.tokens.array(of: Float.self) == again.tokens.array(of: Float.self))
            #expect(try computed.pooled.array(of: Float.self) == again.pooled.array(of: Float.self))
        }
    }
}
