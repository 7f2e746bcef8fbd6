/// Fills the gaps of a picture by what surrounds them: pull-push over a pyramid (Gortler et al., "The Lumigraph", 1996, §3.4), and at each level some
/// sweeps towards the solution of Laplace's equation, which is what diffusion comes to.
enum Diffusion {
    /// - Parameters:
    ///   - values: Three a pixel, row by row.
    ///   - weights: How far each pixel is known: 0 for a gap, 1 for a pixel that stays as it is.
    static func filled(_ values: [Float], weights: [Float], width: Int, height: Int) -> [Float] {
        guard width > 1 || height > 1 else { return values }
        let (smallWidth, smallHeight) = ((width + 1) / 2, (height + 1) / 2)
        var small = [Float](repeating: 0, count: 3 * smallWidth * smallHeight)
        var smallWeights = [Float](repeating: 0, count: smallWidth * smallHeight)
        var plain = small
        for y in 0..<smallHeight {
            for x in 0..<smallWidth {
                let place = y * smallWidth + x
                var count: Float = 0
                for row in 2 * y..<min(2 * y + 2, height) {
                    for column in 2 * x..<min(2 * x + 2, width) {
                        let (source, weight) = (row * width + column, weights[row * width + column])
                        smallWeights[place] += weight
                        count += 1
                        for channel in 0..<3 {
                            small[3 * place + channel] += weight * values[3 * source + channel]
                            plain[3 * place + channel] += values[3 * source + channel]
                        }
                    }
                }
                let sum = smallWeights[place]
                for channel in 0..<3 {
                    // Where nothing is known the mean goes down, for a picture that is all gap.
                    small[3 * place + channel] =
                        sum > 0 ? small[3 * place + channel] / sum : plain[3 * place + channel] / count
                }
                smallWeights[place] = min(1, sum)
            }
        }
        let below = filled(small, weights: smallWeights, width: smallWidth, height: smallHeight)
        return raised(
            below, smallWidth, smallHeight, to: values, weights: weights, width: width, height: height)
    }

    private static let sweepCount = 8

    /// The gaps filled from the level below, and smoothed.
    private static func raised(
        _ below: [Float], _ smallWidth: Int, _ smallHeight: Int, to values: [Float], weights: [Float], width: Int,
        height: Int
    ) -> [Float] {
        var result = values
        var gaps: [Int] = []
        for y in 0..<height {
            for x in 0..<width where weights[y * width + x] < 1 {
                let place = y * width + x
                if weights[place] == 0 { gaps.append(place) }
                for channel in 0..<3 {
                    let guess = sample(below, smallWidth, smallHeight, x, y, channel)
                    result[3 * place + channel] += (1 - weights[place]) * (guess - values[3 * place + channel])
                }
            }
        }
        for _ in 0..<sweepCount {
            for place in gaps {
                let (x, y) = (place % width, place / width)
                let neighbors = (
                    x > 0 ? place - 1 : place, x + 1 < width ? place + 1 : place, y > 0 ? place - width : place,
                    y + 1 < height ? place + width : place
                )
                for channel in 0..<3 {
                    result[3 * place + channel] =
                        (result[3 * neighbors.0 + channel] + result[3 * neighbors.1 + channel]
                            + result[3 * neighbors.2 + channel] + result[3 * neighbors.3 + channel]) / 4
                }
            }
        }
        return result
    }

    /// Of a level half as large, between its four nearest pixels.
    private static func sample(
        _ below: [Float], _ width: Int, _ height: Int, _ x: Int, _ y: Int, _ channel: Int
    ) -> Float {
        let (u, v) = (Float(x) / 2 - 0.25, Float(y) / 2 - 0.25)
        let (left, top) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
        let (right, bottom) = (u - Float(left), v - Float(top))
        func at(_ column: Int, _ row: Int) -> Float {
            below[3 * (min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)) + channel]
        }
        let upper = at(left, top) * (1 - right) + at(left + 1, top) * right
        let lower = at(left, top + 1) * (1 - right) + at(left + 1, top + 1) * right
        return upper * (1 - bottom) + lower * bottom
    }
}
