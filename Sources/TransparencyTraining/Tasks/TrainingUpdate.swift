import Foundation

/// What one update did.
public struct TrainingUpdate: Codable, Sendable, Equatable {
    /// From 1 on.
    public var step: Int
    public var epoch: Double
    public var loss: Double
    public var lr: Double
    /// Before clipping.
    public var gradNorm: Double
    /// Whether loss or norm was not finite, so that the weights are as before.
    public var skipped: Bool
    public var seconds: Double
    /// Of these, spent waiting for pictures.
    public var dataWait: Double
    /// The most bytes taken so far: on an accelerator its tensors, on the CPU all of the process.
    public var memory: Int
    /// Of a loss of several terms each one's value without its weight, by name; those that are not yet in are missing.
    public var losses: [String: Double]?
    /// Why pictures could not be read, in whose places the next ones of the order were taken; nil where all could.
    public var unreadable: [String]?

    enum CodingKeys: String, CodingKey {
        case step, epoch, loss, lr, skipped, seconds, memory, losses, unreadable
        case gradNorm = "grad_norm"
        case dataWait = "data_wait"
    }
}

extension TrainingUpdate: TrainingRecord {
    package var summary: String { String(format: "loss %.4f, lr %.2e, norm %.3f", loss, lr, gradNorm) }
    package var warning: String? {
        if let unreadable {
            return "Warning: update \(step) took other pictures in the place of \(unreadable.joined(separator: "; "))"
        }
        return skipped ? "update \(step) was skipped: its loss or gradient is not a number" : nil
    }
}
