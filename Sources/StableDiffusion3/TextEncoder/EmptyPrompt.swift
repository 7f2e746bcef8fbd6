import Torch
import TorchNN

/// The embeddings of the empty prompt, computed from a model's two CLIP encoders.
///
/// This is `encode_prompt("")` of diffusers 0.35.2 `StableDiffusion3Pipeline` without its third encoder (T5): rows 0…76
/// are CLIP-L's and CLIP-G's penultimate states side by side, filled with zeros to the transformer's width; as many
/// rows of zeros follow in T5's place; the pooled prompt is the two projections side by side.
package enum EmptyPrompt {
    /// Rows of Stable Diffusion 3's prompt: 77 of the CLIP encoders and 77 in T5's place.
    static let tokenCount = 154

    private static let startOfText = 49406
    private static let endOfText = 49407

    /// The tokens of "" up to `length`: start, end, padding. CLIP-L pads with its end-of-text token, CLIP-G with 0.
    static func tokens(padding: Int, length: Int) -> [Int] {
        [startOfText, endOfText] + Array(repeating: padding, count: length - 2)
    }

    /// `clipL` and `clipG` are the pipeline's `text_encoder` and `text_encoder_2`; `width` is the transformer's
    /// `joint_attention_dim`. Throws ``ModelError`` when the encoders do not fit it.
    package static func embeddings(
        clipL: CLIPTextModelWithProjection, clipG: CLIPTextModelWithProjection, width: Int
    ) throws -> PromptEmbeddings {
        let length = clipL.configuration.maxPositionEmbeddings
        let hidden = clipL.configuration.hiddenSize + clipG.configuration.hiddenSize
        guard length == clipG.configuration.maxPositionEmbeddings, length >= 2, hidden <= width else {
            throw ModelError.size(
                "the text encoders give \(length) and \(clipG.configuration.maxPositionEmbeddings) rows of "
                    + "\(hidden) values together; the transformer takes rows of \(width)")
        }
        let l = try clipL(tokens(padding: endOfText, length: length))
        let g = try clipG(tokens(padding: 0, length: length))
        let rows = try cat([l.penultimate, g.penultimate], axis: 2)
        return PromptEmbeddings(
            tokens: try rows.pad(left: 0, right: width - hidden, top: 0, bottom: length),
            pooled: try cat([l.textEmbeds, g.textEmbeds], axis: 1))
    }
}
