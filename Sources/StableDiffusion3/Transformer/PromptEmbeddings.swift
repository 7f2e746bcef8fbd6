package import Torch

/// What the text encoders make of a prompt.
package struct PromptEmbeddings {
    /// One row a token, `[1, S, joint]`.
    package let tokens: Tensor
    /// The whole prompt, `[1, pooled]`.
    package let pooled: Tensor

    package init(tokens: Tensor, pooled: Tensor) {
        (self.tokens, self.pooled) = (tokens, pooled)
    }

    /// The same in another dtype or on another device.
    package func to(_ dtype: DType, device: Device) throws -> PromptEmbeddings {
        PromptEmbeddings(tokens: try tokens.to(dtype, device: device), pooled: try pooled.to(dtype, device: device))
    }
}
