package import SegmentationMetrics

/// How much a picture's mask contradicts what a model is sure of.
///
/// Each pixel counts by how sure the model is, c = |2s − 1|. With q where s ≥ 0.5 and g the mask, suspicion is Σ_{q ≠ g} c / (Σ_{q ≠ g} c + Σ_{q = g = 1} c): 1
/// less an IoU in which what the model does not know has no say; 0 where both are empty. That a model's own certainty finds wrong labels is what
/// confident learning shows (Northcutt, Jiang & Chuang, JAIR 2021), for masks Lad & Mueller, "Estimating label quality and errors in semantic
/// segmentation data via any model" (2023).
package struct LabelSuspicion: Sendable, Equatable {
    /// 0 where mask and model agree, 1 where the model is sure of the opposite.
    package let suspicion: Double
    /// Of the disagreement, the share that the model takes for glass and the mask does not.
    package let missingShare: Double

    package init(_ counts: PixelCounts) {
        var (agreed, missing, surplus) = (0.0, 0.0, 0.0)
        for (level, (glass, other)) in zip(counts.glassHistogram, counts.otherHistogram).enumerated() {
            let certainty = abs(2 * Double(level) / 255 - 1)
            if level > 127 {
                agreed += certainty * Double(glass)
                missing += certainty * Double(other)
            } else {
                surplus += certainty * Double(glass)
            }
        }
        let disagreed = missing + surplus
        suspicion = disagreed == 0 ? 0 : disagreed / (disagreed + agreed)
        missingShare = disagreed == 0 ? 0 : missing / disagreed
    }
}
