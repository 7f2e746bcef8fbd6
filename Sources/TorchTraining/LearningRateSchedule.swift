import Foundation

/// Linear warm-up from 0, then a cosine with several cycles above a floor: the original's
/// `get_cosine_schedule_with_warmup_and_min_lr`, the factor that its `LambdaLR` applies.
package struct LearningRateSchedule: Sendable, Equatable {
    /// The rate after warming up.
    package var peak: Double
    /// Updates until the peak; the first one has the rate 0.
    package var warmupSteps: Int
    /// Updates in all.
    package var totalSteps: Int
    /// How often the cosine comes back to its peak: 0.5 falls once from the peak to the floor.
    package var cycles: Double
    /// The floor as a share of the peak.
    package var floorRatio: Double

    package init(peak: Double, warmupSteps: Int = 0, totalSteps: Int, cycles: Double = 0.5, floorRatio: Double = 0) {
        (self.peak, self.warmupSteps, self.totalSteps) = (peak, warmupSteps, totalSteps)
        (self.cycles, self.floorRatio) = (cycles, floorRatio)
    }

    /// The rate of an update, counted from 0.
    package func rate(at step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step) / Double(max(1, warmupSteps)) }
        let progress = Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
        let wave = 0.5 * (1 + cos(2 * .pi * cycles * progress))
        return peak * max(floorRatio, floorRatio + (1 - floorRatio) * wave)
    }
}
