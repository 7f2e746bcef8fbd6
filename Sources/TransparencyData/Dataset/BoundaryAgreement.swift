import Foundation
import Images

/// Whether a mask's outlines run along edges of a picture: how a mask that is turned against its picture is told.
///
/// At each pixel of the mask's boundary the picture's gradient across the boundary is ranked among gradients in all directions
/// everywhere in the picture, the best of nine neighbors. A mask that has nothing to do with the picture has ranks of a
/// certain mean whatever the picture is, and one that fits has higher ones. Both are looked at with the longer side at
/// most ``side`` pixels long.
struct BoundaryAgreement {
    /// The advantage from which on a decision is taken: none of 1,000 drawn scenes seems turned by so much (`Docs/dataset.md`).
    static let decisive = 2.5
    private static let side = 256
    /// Ranks of neighboring pixels go together: so many count as one.
    private static let pixelsPerObservation = 8.0

    private let pictureSize: (width: Int, height: Int)
    /// Of the reduced picture.
    private let width: Int
    private let height: Int
    private let horizontal: [Float]
    private let vertical: [Float]
    /// Gradients in four directions, ascending.
    private let reference: [Float]

    init(picture: Image) {
        pictureSize = (picture.width, picture.height)
        let plane = Plane(reducing: picture, side: Self.side).blurred().blurred()
        (width, height) = (plane.width, plane.height)
        (horizontal, vertical) = plane.gradients()
        let diagonal = Float(0.5).squareRoot()
        var reference: [Float] = []
        reference.reserveCapacity(4 * horizontal.count)
        for (x, y) in zip(horizontal, vertical) {
            reference.append(contentsOf: [abs(x), abs(y), abs(x + y) * diagonal, abs(x - y) * diagonal])
        }
        self.reference = reference.sorted()
    }

    /// By how many standard errors one mask agrees better than another; `nil` when one has no boundary or not the picture's size.
    func advantage(of one: Image, over other: Image) -> Double? {
        guard let one = score(of: one), let other = score(of: other) else { return nil }
        return one - other
    }

    /// How far the mean rank is from that of a mask which has nothing to do with the picture, in standard errors of uniform
    /// ranks; `nil` when there is no boundary, or the mask has not the picture's size.
    func score(of mask: Image) -> Double? {
        guard (mask.width, mask.height) == pictureSize else { return nil }
        let inside = Plane(nearest: mask, width: width, height: height)
        let (normalX, normalY) = inside.blurred().blurred().gradients()
        var sum = 0.0
        var count = 0
        for y in 0..<height {
            for x in 0..<width {
                let index = y * width + x
                let right = x + 1 < width && inside.values[index] != inside.values[index + 1]
                let below = y + 1 < height && inside.values[index] != inside.values[index + width]
                let length = (normalX[index] * normalX[index] + normalY[index] * normalY[index]).squareRoot()
                guard right || below, length > 1e-6 else { continue }
                sum += rank(strongest(nearX: x, y: y, alongX: normalX[index] / length, y: normalY[index] / length))
                count += 1
            }
        }
        guard count > 0 else { return nil }
        return (sum / Double(count) - 0.5) * (12 * Double(count) / Self.pixelsPerObservation).squareRoot()
    }

    private func strongest(nearX x: Int, y: Int, alongX normalX: Float, y normalY: Float) -> Float {
        var strongest: Float = 0
        for nearY in max(y - 1, 0)...min(y + 1, height - 1) {
            for nearX in max(x - 1, 0)...min(x + 1, width - 1) {
                let index = nearY * width + nearX
                strongest = max(strongest, abs(horizontal[index] * normalX + vertical[index] * normalY))
            }
        }
        return strongest
    }

    /// The share of the reference that is below a gradient.
    private func rank(_ gradient: Float) -> Double {
        var (low, high) = (0, reference.count)
        while low < high {
            let middle = (low + high) / 2
            if reference[middle] < gradient { low = middle + 1 } else { high = middle }
        }
        return Double(low) / Double(reference.count)
    }
}
