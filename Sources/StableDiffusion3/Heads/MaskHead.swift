/// What makes a mask of a transformer's tokens.
public enum MaskHead: String, Codable, Sendable, CaseIterable {
    /// The transformer's own output is the latent of a mask, which the VAE decodes.
    case latent
    /// A linear layer gives each token's own pixels; the VAE's decoder is not needed.
    case readout
}
