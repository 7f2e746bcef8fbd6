import Torch

/// What the text encoders make of a prompt.
public struct PromptEmbeddings {
    /// One row a token, `[1, S, joint]`.
    public let tokens: Tensor
    /// The whole prompt, `[1, pooled]`.
    public let pooled: Tensor

    public init(tokens: Tensor, pooled: Tensor) {
        (self.tokens, self.pooled) = (tokens, pooled)
    }

    /// The same in another dtype or on another device.
    public func to(_ dtype: DType, device: Device) throws -> PromptEmbeddings {
        PromptEmbeddings(tokens: try tokens.to(dtype, device: device), pooled: try pooled.to(dtype, device: device))
    }
}
