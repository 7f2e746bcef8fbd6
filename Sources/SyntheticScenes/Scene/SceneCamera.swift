import Foundation
import SeededRandom
import TransparencyData

/// What a camera does to a scene: slight blur, exposure, a darker border, noise, eight bits.
struct SceneCamera: Sendable {
    /// Standard deviation of the blur, as a share of the picture's side.
    let blur: Float
    let exposure: Float
    /// Below 1 brings all colors closer together.
    let contrast: Float
    let whiteBalance: SceneColor
    let vignette: Float
    /// Standard deviation of the noise, of the range 0…1.
    let noise: Float
    let noiseKey: UInt64

    init(_ random: inout KeyedRandom, isHard: Bool) {
        blur = random.chance(0.5) ? random.uniform(0...(isHard ? 0.006 : 0.004)) : 0
        exposure = random.uniform(isHard ? 0.55...1.15 : 0.85...1.15)
        contrast = isHard ? random.uniform(0.6...1) : random.uniform(0.9...1.1)
        whiteBalance = SceneColor(random.uniform(0.9...1.1), 1, random.uniform(0.88...1.1))
        vignette = random.uniform(0...0.3)
        noise = random.uniform(0.004...(isHard ? 0.035 : 0.02))
        noiseKey = random.next()
    }

    /// The canvas as RGB samples.
    func photograph(_ canvas: SceneCanvas) -> [UInt8] {
        let size = canvas.size
        let colors = blurred(canvas.colors, size: size)
        var random = KeyedRandom(keys: noiseKey)
        let tone = whiteBalance * exposure
        return [UInt8](unsafeUninitializedCapacity: size * size * 3) { samples, count in
            for index in 0..<size * size {
                let place = ScenePoint(Float(index % size), Float(index / size)) / Float(size) - 0.5
                let light = 1 - vignette * (place * place).sum() * 1.4
                let grain = SceneColor(random.normal(), random.normal(), random.normal()) * noise
                let color = ((colors[index] * tone * light - 0.45) * contrast + 0.45 + grain)
                    .clamped(lowerBound: .zero, upperBound: .one)
                let bytes = color * 255 + 0.5
                samples[index * 3] = UInt8(bytes.x)
                samples[index * 3 + 1] = UInt8(bytes.y)
                samples[index * 3 + 2] = UInt8(bytes.z)
            }
            count = size * size * 3
        }
    }

    /// Gaussian blur along rows, then along columns; the border's pixels are repeated.
    private func blurred(_ colors: [SceneColor], size: Int) -> [SceneColor] {
        let deviation = blur * Float(size)
        guard deviation > 0.25 else { return colors }
        let radius = Int((deviation * 2.5).rounded(.up))
        let raw = (-radius...radius).map { exp(-Float($0 * $0) / (2 * deviation * deviation)) }
        let weights = raw.map { $0 / raw.reduce(0, +) }
        let pass = { (source: [SceneColor], step: Int, across: Int) -> [SceneColor] in
            var result = source
            for line in 0..<size {
                for position in 0..<size {
                    var sum = SceneColor.zero
                    for offset in -radius...radius {
                        let near = min(max(position + offset, 0), size - 1)
                        sum += source[line * across + near * step] * weights[offset + radius]
                    }
                    result[line * across + position * step] = sum
                }
            }
            return result
        }
        return pass(pass(colors, 1, size), size, 1)
    }
}
