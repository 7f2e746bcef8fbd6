/// The factor that keeps float16's gradients from vanishing: halved when one overflows, doubled after many that did not
/// (Micikevicius et al., arXiv 1710.03740; the numbers of torch's `GradScaler`).
package struct LossScale: Codable, Equatable, Sendable {
    package private(set) var value = 65536.0
    private var goodUpdates = 0

    private static let growthInterval = 2000

    package init() {}

    /// Whether an overflow can still be met with a smaller scale.
    package var canShrink: Bool { value > 1 }

    /// Takes in whether an update's gradients were finite.
    package mutating func update(isFinite: Bool) {
        goodUpdates = isFinite ? goodUpdates + 1 : 0
        if !isFinite { value = max(1, value / 2) }
        if goodUpdates == Self.growthInterval {
            value *= 2
            goodUpdates = 0
        }
    }
}
