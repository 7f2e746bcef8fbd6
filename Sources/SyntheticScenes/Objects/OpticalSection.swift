import Foundation
import TransparencyData

/// What a round section of a vessel does to light that comes from behind, by how far from the axis it is seen.
///
/// A ray in the plane of a circle is refracted by Snell's law at the outer wall and, where the section is hollow, at the
/// inner one; by symmetry the way out bends it as much again. Fresnel's losses are Schlick's approximation.
struct OpticalSection: Sendable {
    struct Entry: Sendable {
        /// Tangent of the angle by which the ray is turned towards the axis.
        let bend: Float
        /// What the material lets through.
        let transmission: SceneColor
        /// Share of the light that comes by reflection instead.
        let reflection: Float
    }

    private let entries: [Entry]

    private static let stepCount = 128

    /// A section with outer radius 1.
    ///
    /// - Parameters:
    ///   - innerRadius: of the hollow, 0 for massive glass.
    ///   - innerIndex: refractive index of what is in the hollow: 1 air, 1.33 water.
    ///   - glass, filling: what a way as long as the radius absorbs of each color, as an exponent.
    init(innerRadius: Float, innerIndex: Float, glassIndex: Float, glass: SceneColor, filling: SceneColor) {
        entries = (0...Self.stepCount).map { step in
            let q = min(Float(step) / Float(Self.stepCount), 0.998)
            var angle = asin(q) - asin(q / glassIndex)
            var (glassPath, fillingPath) = (2 * (1 - q * q).squareRoot(), Float(0))
            if q < innerRadius {
                // Total reflection at the inner wall is left at the steepest angle that still passes.
                let inner = min(q / innerRadius, 0.998)
                angle += asin(inner / glassIndex) - asin(min(inner / innerIndex, 0.998))
                fillingPath = 2 * (innerRadius * innerRadius - q * q).squareRoot()
                glassPath -= fillingPath
            }
            let exponent = glass * glassPath + filling * fillingPath
            let facing = 1 - (1 - q * q).squareRoot()
            return Entry(
                bend: tan(min(max(2 * angle, -0.9), 1.05)),
                transmission: SceneColor(exp(-exponent.x), exp(-exponent.y), exp(-exponent.z)),
                reflection: 0.06 + 0.94 * pow(facing, 4))
        }
    }

    /// At `q`, 0 on the axis and 1 at the rim.
    @inline(__always)
    func at(_ q: Float) -> Entry { entries[min(Int(clamp01(q) * Float(Self.stepCount) + 0.5), Self.stepCount)] }
}
