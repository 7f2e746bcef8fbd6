/// How a transformer's arithmetic is done, and how its weights are kept.
public enum TransformerForm: Sendable, CaseIterable {
    /// Every operation as diffusers does it, with diffusers' weights: the reference.
    case plain
    /// The constant conditioning of the one pass is worked out once and is part of the weights: faster, smaller, the same up to rounding.
    case folded

    /// `_class_name` in `transformer/config.json`. Only this package reads the folded form.
    package var className: String {
        switch self {
        case .plain: "SD3Transformer2DModel"
        case .folded: "FoldedSD3Transformer2DModel"
        }
    }

    init?(className: String) {
        guard let form = Self.allCases.first(where: { $0.className == className }) else { return nil }
        self = form
    }
}
